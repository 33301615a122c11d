using Cote.Models;

namespace Cote.Admin;

/// <summary>How many replies a node makes at a time.</summary>
/// <param name="Total">How many it may make.</param>
/// <param name="Taken">How many it makes.</param>
/// <param name="Waiting">How many chats wait for a slot there.</param>
sealed record SlotsInfo(int Total, int Taken, int Waiting);

/// <summary>A provider or an MCP server, as a node has seen it since it started.</summary>
/// <param name="Kind"><c>models</c> for a provider of models, <c>mcp</c> for an MCP server.</param>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="State"><c>unused</c>: it was not asked; <c>ok</c>: it answered when it was asked last;
/// <c>failing</c>: it did not.</param>
/// <param name="Models">Of a provider: its models.</param>
/// <param name="Mcp">Of an MCP server: its connection and its tools.</param>
sealed record ProviderReport(
    string Kind, string Name, string State, IReadOnlyList<ModelInfo>? Models, McpInfo? Mcp);

/// <summary>A model, as a node has seen it since it started. A retry is a call of its own.</summary>
/// <param name="State">As that of its provider.</param>
/// <param name="OpenCalls">How many calls are being made.</param>
/// <param name="Calls">How many calls have ended.</param>
/// <param name="FailedCalls">How many of them failed.</param>
/// <param name="Retries">How many were made because the one before failed.</param>
/// <param name="LastFault">The code of the last fault, as in <c>generation.error</c>.</param>
/// <param name="RetryAt">Until when the provider asked to wait with its last fault.</param>
sealed record ModelInfo(
    string Name, string State, int OpenCalls, long Calls, long FailedCalls, long Retries, Timestamp? LastSuccessAt,
    string? LastFault, Timestamp? LastFaultAt, Timestamp? RetryAt)
{
    public static ModelInfo Of(ModelView view) => new(
        view.Model, StateOf(view.IsFailing), view.Open, view.Calls, view.Failed, view.Retries, view.LastSuccessAt,
        view.LastFault, view.LastFaultAt, view.RetryAt);

    public static string StateOf(bool? isFailing) => isFailing switch
    {
        null => ProviderStates.Unused,
        true => ProviderStates.Failing,
        false => ProviderStates.Ok,
    };
}

/// <summary>An MCP server, as a node has seen it since it started.</summary>
/// <param name="Connected">Whether there is a connection to it; one is made when its tools are wanted.</param>
/// <param name="Tools">How many tools it listed last.</param>
/// <param name="ListedAt">When it listed them.</param>
/// <param name="OpenCalls">How many calls are being made.</param>
/// <param name="Calls">How many calls have ended.</param>
/// <param name="FailedCalls">How many of them had no result.</param>
/// <param name="LastFault">A code of tool calls, or the type of the error where it did not list its tools.</param>
sealed record McpInfo(
    bool Connected, int Tools, Timestamp? ListedAt, int OpenCalls, long Calls, long FailedCalls, string? LastFault,
    Timestamp? LastFaultAt);

/// <summary>Where a run waits to call its model again.</summary>
sealed record RetryInfo(string Code, Timestamp At);

/// <summary>What a node sees of itself and of what it calls. It names no chat, and users by their ids alone.</summary>
/// <param name="Node">The id of the node, a new one at each start.</param>
/// <param name="At">The moment, by the node's clock.</param>
/// <param name="Retries">Those replies that wait for a provider, by <see cref="KeyOf"/>.</param>
sealed record NodeReport(
    string Node, string Version, Timestamp StartedAt, Timestamp At, SlotsInfo Slots,
    IReadOnlyList<ProviderReport> Providers, IReadOnlyDictionary<string, RetryInfo> Retries)
{
    /// <summary>The key of a reply: two users may hold one id.</summary>
    public static string KeyOf(string userId, string replyId) => $"{userId}/{replyId}";
}

/// <summary>The states of providers.</summary>
static class ProviderStates
{
    public const string Unused = "unused";
    public const string Ok = "ok";
    public const string Failing = "failing";
}
