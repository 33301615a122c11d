using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Cote.Tools;

/// <summary>A connection to an MCP server: its process or its HTTP client, and the SDK's client over it.</summary>
sealed class McpConnection : IAsyncDisposable
{
    static readonly Implementation Us = new()
    {
        Name = "Cote",
        Version = typeof(McpConnection).Assembly.GetName().Version?.ToString() ?? "0",
    };

    readonly Lock _gate = new();
    readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly McpProcess? _process;
    readonly HttpClient? _http;
    McpClient? _client;
    IReadOnlyList<string> _named = [];
    int _calls;
    volatile bool _isRetired;
    long _lastId;

    McpConnection(McpServerOptions options)
    {
        if (options.Command is { Length: > 0 })
            _process = McpProcess.Start(options);
        else
            _http = new HttpClient(new McpHttpHandler(options)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    McpClient Client => _client!;

    /// <summary>Whether it may still carry a request.</summary>
    public bool IsAlive => !_isRetired && !Client.Completion.IsCompleted && _process is not { IsOver: true };

    /// <summary>Whether it was ended because the server sent more than is read.</summary>
    public bool IsTooLong => _process is { IsTooLong: true };

    /// <summary>Whether the server knows it by a session, which ends when the server is started anew.</summary>
    public bool HasSession => Client.SessionId is not null;

    /// <summary>Connects.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="changed">Is called when the server says that its list has changed.</param>
    /// <param name="ct">Ends whatever was begun.</param>
    public static async Task<McpConnection> OpenAsync(
        McpServerOptions options, Action changed, CancellationToken ct)
    {
        var connection = new McpConnection(options);
        try
        {
            // The SDK waits for a server's answers also while it gives up: only a broken line ends that.
            using var abort = ct.Register(connection.Abort);
            connection._client = await McpClient.CreateAsync(
                connection.Transport(options), ClientOptions(changed), null, ct);
            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    IClientTransport Transport(McpServerOptions options) => _process is not null
        ? new StreamClientTransport(_process.Input, _process.Output)
        : new HttpClientTransport(
            new()
            {
                Endpoint = new Uri(options.Url!),
                TransportMode = HttpTransportMode.StreamableHttp,
                MaxReconnectionAttempts = 2,
            },
            _http!);

    // Nothing is offered to a server: it can ask neither the user nor a model.
    static McpClientOptions ClientOptions(Action changed) => new()
    {
        ClientInfo = Us,
        DiscoverProbeTimeout = McpLimits.ToDiscover,
        Handlers = new()
        {
            NotificationHandlers =
            [
                new(NotificationMethods.ToolListChangedNotification, (_, _) =>
                {
                    changed();
                    return ValueTask.CompletedTask;
                }),
            ],
        },
    };

    /// <summary>Lists the tools.</summary>
    public async Task<McpListing> ListAsync(CancellationToken ct)
    {
        var listing = new McpListing();
        string? cursor = null;
        do
        {
            var parameters = new JsonObject();
            if (cursor is not null)
                parameters["cursor"] = cursor;
            cursor = listing.Add(await SendAsync(RequestMethods.ToolsList, parameters, ct));
        }
        while (cursor is not null);
        Know(listing);
        return listing;
    }

    // The SDK sends some arguments as headers too, of tools that it knows; it refuses those that name bad headers.
    void Know(McpListing listing)
    {
        foreach (var tool in listing.Tools.ToList())
            try
            {
                Client.AddKnownTools([tool]);
            }
            catch (ArgumentException)
            {
                listing.PassOver(tool);
            }
        var names = listing.Tools.Select(x => x.Name).ToList();
        Client.RemoveKnownTools(_named.Except(names));
        _named = names;
    }

    /// <summary>Calls a tool; its result.</summary>
    public async Task<JsonNode?> CallAsync(string tool, ToolExecution execution, McpCall call, CancellationToken ct)
    {
        lock (_gate)
        {
            if (_isRetired)
                throw new IOException("The connection is closed.");
            _calls++;
        }
        try
        {
            McpCall.Current = call;
            return await SendAsync(
                RequestMethods.ToolsCall,
                new JsonObject
                {
                    ["name"] = tool,
                    ["arguments"] = JsonSerializer.SerializeToNode(execution.Arguments),
                    ["_meta"] = new JsonObject
                    {
                        ["cote/user_id"] = execution.UserId,
                        ["cote/key"] = execution.Key,
                    },
                },
                ct);
        }
        finally
        {
            lock (_gate)
                if (--_calls == 0 && _isRetired)
                    _idle.TrySetResult();
        }
    }

    async Task<JsonNode?> SendAsync(string method, JsonObject parameters, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var request = new JsonRpcRequest
        {
            Id = new RequestId($"c{Interlocked.Increment(ref _lastId)}"),
            Method = method,
            Params = parameters,
        };
        _process?.Begin();
        // Over HTTP the token closes the request. Elsewhere the SDK would tell the server, but not always does.
        var answer = Client.SendRequestAsync(request, _http is null ? CancellationToken.None : ct);
        try
        {
            // The SDK never answers a request that it sends after the server's end.
            if (await Task.WhenAny(answer, Client.Completion).WaitAsync(ct) != answer)
                await answer.WaitAsync(McpLimits.ToEnd, ct);
            return (await answer).Result;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Cancel(request.Id);
            throw;
        }
        finally
        {
            _process?.Begin();
            _ = answer.ContinueWith(
                static x => x.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
        }
    }

    // A request over HTTP without a session ends when it is closed; every other one goes on until the server is told.
    void Cancel(RequestId id)
    {
        if (_http is not null && !HasSession)
            return;
        var saying = Client.SendMessageAsync(
            new JsonRpcNotification
            {
                Method = NotificationMethods.CancelledNotification,
                Params = new JsonObject { ["requestId"] = id.ToString() },
            },
            CancellationToken.None);
        _ = saying.ContinueWith(
            static x => x.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
    }

    /// <summary>Takes no more calls, and closes when those that it has are over, or at <paramref name="ct"/>.</summary>
    public async Task RetireAsync(CancellationToken ct)
    {
        lock (_gate)
        {
            _isRetired = true;
            if (_calls == 0)
                _idle.TrySetResult();
        }
        try
        {
            await _idle.Task.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            // The server closes: its calls end now.
        }
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _isRetired = true;
        _process?.Dispose();
        try
        {
            // A session over HTTP is ended by a request.
            await Client.DisposeAsync().AsTask().WaitAsync(McpLimits.ToEnd);
        }
        catch (Exception error) when (
            error is TimeoutException or IOException or HttpRequestException or McpException
                or InvalidOperationException or OperationCanceledException)
        {
            // It is gone without a farewell.
        }
        _http?.Dispose();
    }

    void Abort()
    {
        _process?.Dispose();
        _http?.Dispose();
    }
}
