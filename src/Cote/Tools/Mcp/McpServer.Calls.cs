using System.Text.Json;
using ModelContextProtocol;

namespace Cote.Tools;

// Calls, and what comes of those that fail.
sealed partial class McpServer
{
    const string RemotePrefix = "Request failed (remote): ";

    /// <summary>Calls a tool once.</summary>
    /// <exception cref="ToolException">It could not be called, or its outcome is not known.</exception>
    public async Task<ToolOutput> CallAsync(McpTool tool, ToolExecution execution, CancellationToken ct)
    {
        lock (_gate)
            _openCalls++;
        var hasFailed = false;
        try
        {
            return await CallUntilDoneAsync(tool, execution, ct);
        }
        catch (ToolException error) when (error.Code != ToolErrors.Failed) // What a tool says itself is an answer.
        {
            hasFailed = true;
            lock (_gate)
                _fault = (error.Code, clock.Now);
            throw;
        }
        finally
        {
            lock (_gate)
                (_openCalls, _calls, _failedCalls) =
                    (_openCalls - 1, _calls + 1, _failedCalls + (hasFailed ? 1 : 0));
        }
    }

    async Task<ToolOutput> CallUntilDoneAsync(McpTool tool, ToolExecution execution, CancellationToken ct)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            var connection = await ConnectAsync(ct) ?? throw Gone($"The MCP server {name} is away.");
            // Another connection may be to another version of the server.
            if (Find(tool.Definition.Name) is not { } now)
                throw Gone($"The MCP server {name} does not offer this tool any more.");
            if (now.Definition.Hash != tool.Definition.Hash)
                throw new ToolException(
                    ToolErrors.Changed, "The tool is not the one any more that was shown.", isUnknown: false);
            var call = new McpCall(execution.UserId);
            try
            {
                return McpResult.Read(await connection.CallAsync(tool.Definition.OwnName!, execution, call, ct));
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception) when (isFirst && IsWorthAnother(connection, call, tool) && !ct.IsCancellationRequested)
            {
                Retire(connection);
            }
            catch (Exception error) when (error is not ToolException)
            {
                ct.ThrowIfCancellationRequested();
                var failure = Explain(connection, call, error);
                if (HasLostSession(connection, call))
                    Retire(connection); // The next call finds another one.
                // It may be that there is no such tool any more.
                if (error is McpProtocolException)
                    ListHasChanged();
                log.McpCallFailed(name, failure.Code, error.GetType().Name);
                throw failure;
            }
        }
    }

    async Task<McpConnection?> ConnectAsync(CancellationToken ct)
    {
        Task<bool> asking;
        lock (_gate)
        {
            if (_connection is { IsAlive: true } connection)
                return connection;
            if (IsAway)
                return null;
            asking = _asking ??= BeginAsking();
        }
        if (!await asking.WaitAsync(ct))
            return null;
        lock (_gate)
            return _connection;
    }

    // Only where the server cannot have executed it: the line was broken, or its session has ended, which 404 says.
    // Some servers say it with 400, which may also be how a tool fails.
    static bool IsWorthAnother(McpConnection connection, McpCall call, McpTool tool) =>
        !call.IsSent && !connection.IsAlive
        || HasLostSession(connection, call) && (call.Status == 404 || tool.Definition.IsRepeatable);

    static bool HasLostSession(McpConnection connection, McpCall call) =>
        connection.HasSession && call.Status is 400 or 404;

    ToolException Explain(McpConnection connection, McpCall call, Exception error) => error switch
    {
        McpProtocolException => Failed(error.Message),
        McpException when !call.IsSent => Failed(error.Message),
        _ when !call.IsSent || IsUnreachable(error) => Gone($"The MCP server {name} cannot be reached."),
        HttpRequestException when call.Status is >= 300 and < 500 =>
            Gone($"The MCP server {name} refuses the call with status {call.Status}."),
        _ when call.IsTooLong || connection.IsTooLong =>
            Broken($"The MCP server {name} answered with more than a megabyte."),
        JsonException or McpException or NotSupportedException
            or (InvalidOperationException and not ObjectDisposedException) =>
            Broken($"The MCP server {name} answered with something that is no result."),
        _ => Broken($"The connection to the MCP server {name} broke during the call."),
    };

    static bool IsUnreachable(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    ToolException Failed(string message)
    {
        var isRemote = message.StartsWith(RemotePrefix, StringComparison.Ordinal);
        var text = isRemote ? message[RemotePrefix.Length..] : message;
        // A server may repeat what it was given.
        foreach (var secret in options.Headers.Values.Concat(options.Env.Values).Select(x => x.Reveal()))
            if (secret.Length >= 4)
                text = text.Replace(secret, "***", StringComparison.Ordinal);
        return new(ToolErrors.Failed, McpTool.Cut(text, McpLimits.Error)!, isUnknown: false);
    }

    static ToolException Gone(string detail) => new(ToolErrors.Gone, detail, isUnknown: false);

    static ToolException Broken(string detail) => new(ToolErrors.Broken, detail, isUnknown: true);
}
