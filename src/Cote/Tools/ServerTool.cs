using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Tools;

/// <summary>A tool as a model is shown it, and what is known of it.</summary>
/// <param name="Name">The name that models and clients know: letters, digits, <c>_</c> and <c>-</c>, up to 64.</param>
/// <param name="Title">The name that people are shown, or null.</param>
/// <param name="Source">Where it comes from: one of <see cref="ToolSources"/>.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">The JSON schema of its arguments, an object.</param>
/// <param name="OwnName">What its MCP server calls it; null for tools of other sources.</param>
sealed record ToolDefinition(
    string Name, string? Title, string Source, string Description, JsonElement Parameters, string? OwnName = null)
{
    /// <summary>Whether a person is asked before each call.</summary>
    public bool Asks { get; init; }

    /// <summary>Whether it changes nothing, as somebody says who is to be believed.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether a call may be made again after a crash: it reads, or the same key has one effect.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Whether it is called without asking even after other texts have entered a reply.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>Tells one definition from another: what the model was shown is what is executed.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', Name, Source, Description, Parameters.GetRawText())
        + (OwnName is null ? "" : '\n' + OwnName))));

    /// <summary>What a model call is given.</summary>
    public AIFunctionDeclaration Declaration { get; } = Source == ToolSources.Client
        ? new ClientFunction(Name, Description, Parameters)
        : AIFunctionFactory.CreateDeclaration(Name, Description, Parameters, null);
}

/// <summary>Where tools come from. The names stand in the database: they may never change.</summary>
static class ToolSources
{
    /// <summary>A function that is compiled into the server.</summary>
    public const string Server = "server";

    /// <summary>The client that sent the question.</summary>
    public const string Client = "client";

    /// <summary>What stands before the name of an MCP server.</summary>
    public const string Mcp = "mcp:";
}

/// <summary>One execution of a tool.</summary>
/// <param name="UserId">The user whose reply calls it.</param>
/// <param name="ChatId">The chat.</param>
/// <param name="ReplyId">The reply.</param>
/// <param name="CallId">The call, unique in its reply.</param>
/// <param name="Key">The same at every attempt of this call, and no other: <c>reply:step:index</c>.</param>
/// <param name="Arguments">The arguments, an object.</param>
sealed record ToolExecution(
    string UserId, string ChatId, string ReplyId, string CallId, string Key, JsonElement Arguments);

/// <summary>A file that a tool returned.</summary>
sealed record ToolFile(string ContentType, string? Name, ReadOnlyMemory<byte> Bytes);

/// <summary>What a tool returned.</summary>
/// <param name="Text">Its output: text, or JSON where <paramref name="IsJson"/>.</param>
/// <param name="IsJson">Whether the output is one JSON value.</param>
/// <param name="IsError">Whether the tool says that it has failed; the text says why.</param>
sealed record ToolOutput(string Text, bool IsJson = false, bool IsError = false)
{
    public IReadOnlyList<ToolFile> Files { get; init; } = [];
}

/// <summary>A tool could not be called, or what came of a call is not known.</summary>
/// <param name="code">One of <see cref="ToolErrors"/>.</param>
/// <param name="detail">One sentence for a person and for the model, without any secret.</param>
/// <param name="isUnknown">Whether it may have been executed.</param>
/// <param name="inner">The cause.</param>
sealed class ToolException(string code, string detail, bool isUnknown, Exception? inner = null)
    : Exception(detail, inner)
{
    public string Code => code;

    public bool IsUnknown => isUnknown;
}

/// <summary>Why a call was not executed, failed, or has no known outcome.</summary>
static class ToolErrors
{
    /// <summary>The tool says so itself.</summary>
    public const string Failed = "tool_failed";

    /// <summary>There is no such tool, or its server is away.</summary>
    public const string Gone = "tool_gone";

    /// <summary>The tool is not the one any more that the model was shown.</summary>
    public const string Changed = "tool_changed";

    /// <summary>The arguments are no JSON object.</summary>
    public const string BadArguments = "bad_arguments";

    /// <summary>There are too many calls, or too long arguments.</summary>
    public const string Limit = "limit";

    /// <summary>It took too long.</summary>
    public const string Timeout = "timeout";

    /// <summary>The connection to the tool's server broke during the call.</summary>
    public const string Broken = "broken";

    /// <summary>A person said no.</summary>
    public const string Denied = "denied";

    /// <summary>The reply was stopped.</summary>
    public const string Stopped = "stopped";

    /// <summary>A newer turn came before the answer.</summary>
    public const string Superseded = "superseded";

    /// <summary>Nobody answered in time.</summary>
    public const string Expired = "expired";

    /// <summary>The server ended during the call.</summary>
    public const string Interrupted = "interrupted";
}

/// <summary>A tool that this server executes.</summary>
abstract class ServerTool
{
    public abstract ToolDefinition Definition { get; }

    /// <summary>Executes it once.</summary>
    /// <exception cref="ToolException">It could not be called, or its outcome is not known.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled; whether it was executed is not
    /// known.</exception>
    public abstract Task<ToolOutput> RunAsync(ToolExecution execution, CancellationToken ct);

    /// <summary>
    /// The tool of the same name as it is now, asked anew from wherever it comes from; null where there is none any
    /// more, or its server is away.
    /// </summary>
    public virtual Task<ServerTool?> FindAnewAsync(CancellationToken ct) => Task.FromResult<ServerTool?>(this);
}

/// <summary>What a node has seen of a server of tools since it started.</summary>
/// <param name="Name">The name in the configuration.</param>
/// <param name="IsAvailable">Whether it answered when it was asked last.</param>
/// <param name="IsConnected">Whether there is a connection to it.</param>
/// <param name="Tools">How many tools it listed last.</param>
/// <param name="ListedAt">When it listed them; null where it has not.</param>
/// <param name="Open">How many calls are being made.</param>
/// <param name="Calls">How many calls have ended.</param>
/// <param name="Failed">How many of them had no result: the server could not be reached, or broke.</param>
/// <param name="LastFault">The type of the last fault; null where there was none.</param>
/// <param name="LastFaultAt">When that was.</param>
sealed record ToolServerView(
    string Name, bool IsAvailable, bool IsConnected, int Tools, Timestamp? ListedAt, int Open, long Calls, long Failed,
    string? LastFault, Timestamp? LastFaultAt);

/// <summary>A server whose tools come and go.</summary>
interface IToolServer
{
    /// <summary>The name in the configuration.</summary>
    string Name { get; }

    /// <summary>Whether it answered when it was asked last.</summary>
    bool IsAvailable { get; }

    /// <summary>What this node has seen of it since it started.</summary>
    ToolServerView Look();

    /// <summary>The tools that it listed last, also while it is away; none before the first time.</summary>
    IReadOnlyList<ServerTool> Known { get; }

    /// <summary>
    /// The tools that it offers now; none while it is away. The list is good for five minutes, or for as long as the
    /// server says. It never throws but for <paramref name="ct"/>.
    /// </summary>
    Task<IReadOnlyList<ServerTool>> ListAsync(CancellationToken ct);
}
