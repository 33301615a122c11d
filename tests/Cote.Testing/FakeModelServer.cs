using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Cote.Testing;

/// <summary>
/// A model provider on a loopback port. It speaks the streaming wires of OpenAI (<c>POST /v1/chat/completions</c>) and
/// Anthropic (<c>POST /v1/messages</c>), does what <see cref="Script"/> says and remembers what it was asked. It knows
/// nothing of Cote, so that a test of the published program can run it as well.
/// </summary>
public sealed partial class FakeModelServer : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<FakeReply> _queue = new();
    readonly ConcurrentQueue<FakeRequest> _requests = new();
    readonly SemaphoreSlim _arrivals = new(0);
    readonly CancellationTokenSource _stopping = new();
    readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    FakeModelServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        // Kestrel cuts off whom it takes for a slow reader, and in a process that got no processor time, everyone.
        builder.WebHost.ConfigureKestrel(
            x => (x.Limits.MinResponseDataRate, x.Limits.MaxRequestBodySize) = (null, null));
        _app = builder.Build();
        _app.MapPost("/v1/chat/completions", context => Serve(context, new OpenAIWire()));
        _app.MapPost("/v1/responses", context => Serve(context, new OpenAIWire()));
        _app.MapPost("/v1/embeddings", context => Serve(context, new OpenAIWire()));
        _app.MapPost("/v1/messages", context => Serve(context, new AnthropicWire()));
        _app.MapPost("/v1/audio/transcriptions", ServeTranscription);
        _app.MapGet("/v1/models", List);
    }

    /// <summary>Starts a server of its own, with a reply of <c>Hello world</c> to every call.</summary>
    public static async Task<FakeModelServer> Start()
    {
        var server = new FakeModelServer();
        await server._app.StartAsync();
        return server;
    }

    /// <summary>The base URL for an OpenAI client.</summary>
    public string OpenAiUrl => AnthropicUrl + "/v1";

    /// <summary>The base URL for an Anthropic client.</summary>
    public string AnthropicUrl => _app.Urls.First();

    /// <summary>What is answered to every call for which nothing is queued.</summary>
    public FakeReply Script { set => Answer = _ => value; }

    /// <summary>The same, depending on what is asked.</summary>
    public Func<FakeRequest, FakeReply> Answer { get; set; } = _ => FakeReply.Text("Hello", " world");

    /// <summary>Answers for the next calls, one each.</summary>
    public void Enqueue(params ReadOnlySpan<FakeReply> replies)
    {
        foreach (var reply in replies)
        {
            _queue.Enqueue(reply);
        }
    }

    /// <summary>How many calls have come in.</summary>
    public int Calls => _requests.Count;

    /// <summary>Every call so far, oldest first.</summary>
    public IReadOnlyList<FakeRequest> Requests => [.. _requests];

    /// <summary>Ends when a client has closed the connection of a call before its end.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Waits for one call more than were waited for before, and gives it.</summary>
    public async Task<FakeRequest> NextRequest(TimeSpan? within = null)
    {
        if (!await _arrivals.WaitAsync(within ?? Patience.Deadline))
        {
            throw new TimeoutException($"No further model call came in; there were {Calls}.");
        }
        return Requests.First(request => request.Claim());
    }

    /// <summary>What <c>GET /v1/models</c> answers; null: 404.</summary>
    public string? Models { get; set; }

    /// <summary>The headers of each <c>GET /v1/models</c> so far, oldest first.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Listings { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.DisposeAsync();
    }

    Task List(HttpContext context)
    {
        Listings.Enqueue(context.Request.Headers.ToDictionary(
            x => x.Key, x => x.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        context.Response.StatusCode = Models is null ? 404 : 200;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Models ?? "{}", _stopping.Token);
    }

    async Task Serve(HttpContext context, Wire wire)
    {
        var request = await FakeRequest.Read(context, wire is OpenAIWire ? "openai" : "anthropic");
        _requests.Enqueue(request);
        _arrivals.Release();
        var reply = _queue.TryDequeue(out var queued) ? queued : Answer(request);
        if (reply.IsRaw)
        {
            await PlayBytes(context, reply, request);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        try
        {
            await Play(context, wire, request, reply, ended.Token);
            request.End();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            if (context.RequestAborted.IsCancellationRequested)
            {
                request.Close();
                _closed.TrySetResult();
            }
            context.Abort();
        }
    }

    // Past the web server: each byte is the test's.
    async Task PlayBytes(HttpContext context, FakeReply reply, FakeRequest request)
    {
        var socket = context.Features.Get<IConnectionSocketFeature>()!.Socket;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        try
        {
            foreach (var step in reply.Steps)
            {
                switch (step)
                {
                    case FakeReply.Step.Bytes bytes:
                        for (var sent = 0; sent < bytes.Data.Length;)
                            sent += await socket.SendAsync(bytes.Data[sent..], ended.Token);
                        break;
                    case FakeReply.Step.WaitFor wait:
                        await wait.Gate.Pass(ended.Token);
                        break;
                    case FakeReply.Step.Pause pause:
                        await Task.Delay(pause.Length, ended.Token);
                        break;
                    case FakeReply.Step.Stall:
                        await Task.Delay(Timeout.Infinite, ended.Token);
                        break;
                    case FakeReply.Step.Reset:
                        socket.LingerState = new LingerOption(enable: true, seconds: 0);
                        socket.Close();
                        break;
                }
            }
            if (reply.Steps[^1] is not FakeReply.Step.Reset)
                socket.Shutdown(SocketShutdown.Send);
            request.End();
        }
        catch (Exception e) when (
            e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            request.Close();
            _closed.TrySetResult();
        }
        context.Abort();
    }

    static async Task Play(
        HttpContext context, Wire wire, FakeRequest request, FakeReply reply, CancellationToken cancellation)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = reply.ContentType;
        foreach (var (name, value) in reply.Headers)
        {
            context.Response.Headers[name] = value;
        }
        if (reply.Body is not null)
        {
            await context.Response.WriteAsync(reply.Body, cancellation);
            return;
        }
        async Task Send(string events)
        {
            await context.Response.WriteAsync(events, cancellation);
            await context.Response.Body.FlushAsync(cancellation);
        }
        var begun = false;
        foreach (var step in reply.Steps)
        {
            if (!begun && step is not FakeReply.Step.WaitFor)
            {
                await Send(wire.Begin(request, reply));
                begun = true;
            }
            switch (step)
            {
                case FakeReply.Step.Say say:
                    await Send(wire.Say(say.Text));
                    break;
                case FakeReply.Step.Think think:
                    await Send(wire.Think(think.Text));
                    break;
                case FakeReply.Step.Call call:
                    await Send(wire.Call(call));
                    break;
                case FakeReply.Step.WaitFor wait:
                    await wait.Gate.Pass(cancellation);
                    break;
                case FakeReply.Step.Raw raw:
                    await Send(wire.Raw(raw.Data));
                    break;
                case FakeReply.Step.Error error:
                    await Send(wire.Error(error.Type, error.Message));
                    break;
                case FakeReply.Step.Pause pause:
                    await Task.Delay(pause.Length, cancellation);
                    break;
                case FakeReply.Step.Stall:
                    await Task.Delay(Timeout.Infinite, cancellation);
                    break;
                case FakeReply.Step.Cut:
                    context.Abort();
                    return;
                case FakeReply.Step.End:
                    return;
            }
        }
        await Send((begun ? "" : wire.Begin(request, reply)) + wire.End(request, reply));
    }
}
