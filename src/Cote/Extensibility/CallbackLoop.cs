using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Cote.Chats;
using Cote.Replies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote;

/// <summary>The callbacks that the host has registered.</summary>
sealed class HostCallbacks
{
    public List<Func<MessageSent, CancellationToken, Task>> MessageSent { get; } = [];

    public List<Func<ReplyEnded, CancellationToken, Task>> ReplyEnded { get; } = [];
}

/// <summary>
/// Runs the host's callbacks after the commit, on the node that committed, off the turn's path: at most once each, with
/// a limit of time, their faults logged. Where they do not keep up, the oldest is dropped.
/// </summary>
sealed class CallbackLoop(HostCallbacks callbacks, TurnEvents turns, Clock clock,
    ILogger<CallbackLoop> log) : BackgroundService
{
    const int MaxWaiting = 10_000;
    const int Parallel = 8;
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    readonly Channel<Func<CancellationToken, Task>> _waiting = Channel.CreateBounded<Func<CancellationToken, Task>>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest });

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (callbacks.MessageSent.Count > 0)
            turns.MessageSent += OnMessageSent;
        if (callbacks.ReplyEnded.Count > 0)
            turns.ReplyEnded += OnReplyEnded;
        return base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => RunAsync(stoppingToken)));

    async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var callback in _waiting.Reader.ReadAllAsync(stopping))
                await CallAsync(callback, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops: what waits is not called.
        }
    }

    async Task CallAsync(Func<CancellationToken, Task> callback, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(Limit, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            await callback(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            log.CallbackTimedOut(Limit);
        }
#pragma warning disable CA1031 // A callback is foreign code: its fault is logged, and the next one runs.
        catch (Exception error) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            log.CallbackFailed(error);
        }
    }

    void OnMessageSent(string userId, Message message)
    {
        var sent = new MessageSent(userId, CoteChats.Of(message));
        foreach (var callback in callbacks.MessageSent)
            _waiting.Writer.TryWrite(ct => callback(sent, ct));
    }

    void OnReplyEnded(PendingReplyRow reply, ReplyEnd end)
    {
        var message = new CoteMessage(
            reply.Id, reply.ChatId, reply.Seq, Senders.Ai, end.Text.Content, clock.Now, null, reply.QuestionId,
            end.State, reply.Model, end.FinishReason, end.Error?.Code);
        var ended = new ReplyEnded(reply.UserId, message, end.Usage?.InputTokens, end.Usage?.OutputTokens);
        foreach (var callback in callbacks.ReplyEnded)
            _waiting.Writer.TryWrite(ct => callback(ended, ct));
    }
}

static class ExtensibilityModule
{
    public static void AddExtensibility(this IServiceCollection services)
    {
        services.AddSingleton<ICoteChats, CoteChats>().AddSingleton<HostCallbacks>();
        services.AddHostedService<CallbackLoop>();
        services.ConfigureHttpJsonOptions(x =>
        {
            x.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            x.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
    }
}

[JsonSerializable(typeof(Dictionary<string, string>))]
sealed partial class ExtensibilityJson : JsonSerializerContext;
