using System.Collections.Concurrent;
using System.Text;
using Cote.Chats;
using Cote.Models;
using Cote.Primitives;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// Asks a model for the titles of chats whose first reply has ended. The wish stands in the chat's row since the end of
/// that reply: a round finds what no wake-up told, after a crash too.
/// </summary>
sealed class TitleLoop : PeriodicLoop
{
    const int MostAtOnce = 8;
    const int PageRows = 200;
    const int MaxTokens = 32;

    // Thinking included: a server that knows no limit of tokens is not read to its end.
    const int LongestAnswer = 4_000;

    // Shorter than the lease.
    static readonly TimeSpan CallWithin = TimeSpan.FromSeconds(60);

    readonly ConcurrentDictionary<Task, bool> _tasks = [];
    readonly SemaphoreSlim _slots = new(MostAtOnce);
    readonly TitleStore _store;
    readonly TitleModel _model;
    readonly ModelCallLimits _limits;
    readonly DatabaseEngine _engine;
    bool _hasBegun;

    public TitleLoop(
        TitleStore store, TitleModel model, TurnEvents turns, AssistantsOptions options, DatabaseEngine engine,
        Clock clock, ILogger<TitleLoop> log) : base(TimeSpan.FromSeconds(30), clock, log)
    {
        (_store, _model, _engine, _limits) = (store, model, engine, options.CallLimits with { Retries = 0 });
        if (model.Id is not null)
            turns.ReplyEnded += (reply, end) =>
            {
                if (reply.AwaitsTitle && end.State == States.Completed)
                    Wake();
            };
    }

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (_model.Id is null)
            return;
        if (!_hasBegun && _engine.IsSingleProcess)
            await _store.VoidLeasesAsync();
        _hasBegun = true;
        foreach (var (userId, chatId) in await _store.ListDueAsync(PageRows, ct))
        {
            await _slots.WaitAsync(ct);
            Track(RunAsync(userId, chatId, ct));
        }
    }

    protected override Task FinishAsync() => Task.WhenAll(_tasks.Keys);

    public override void Dispose()
    {
        _slots.Dispose();
        base.Dispose();
    }

    void Track(Task task)
    {
        _tasks[task] = true;
        task.ContinueWith(done => _tasks.TryRemove(done, out _), TaskScheduler.Default);
    }

    async Task RunAsync(string userId, string chatId, CancellationToken ct)
    {
        try
        {
            if (await _store.ClaimAsync(userId, chatId) is { } task)
                await RunAsync(task, ct);
        }
        catch (ProblemException error)
        {
            Log.TitleWaits(chatId, error.Problem.Code);
        }
#pragma warning disable CA1031 // Top of the task: one title that fails must not take the others along.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Log.TitleFailed(error, chatId);
        }
        finally
        {
            _slots.Release();
        }
    }

    async Task RunAsync(TitleTask task, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(CallWithin, Clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        var prompt = TitleText.PromptOf(task.Question, task.Reply);
        var tokens = prompt.Sum(x => (long)TokenEstimate.Of(x.Text));
        var meter = new CallMeter(tokens);
        try
        {
            // A title without room in a budget is left out.
            var hasRoom = await _store.ReserveAsync(task, tokens, MaxTokens, either.Token);
            if (hasRoom && await AskAsync(task, prompt, meter, either.Token) is { } title)
                await _store.FinishAsync(task, title, meter.Read());
            else
                await _store.GiveUpAsync(task, meter.Read());
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await _store.ReleaseAsync(task, meter.Read());
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Log.TitleCallFailed(task.ChatId, _model.Id!, ModelFault.Timeout.Code);
            await _store.GiveUpAsync(task, meter.Read());
        }
    }

    // Null where the answer is no title.
    async Task<string?> AskAsync(
        TitleTask task, IReadOnlyList<ChatMessage> prompt, CallMeter meter, CancellationToken ct)
    {
        var (provider, model) = _model.Found!.Value;
        var call = new ModelCall(
            provider, model, prompt,
            new ChatOptions { MaxOutputTokens = MaxTokens, Reasoning = new() { Effort = ReasoningEffort.None } },
            _limits, Clock, meter);
        var answer = new StringBuilder();
        var units = 0;
        await foreach (var update in call.RunAsync(ct))
            if (update is ModelResult result)
            {
                if (result.Fault is { } fault)
                    Log.TitleCallFailed(task.ChatId, _model.Id!, fault.Code);
                return TitleText.Of(answer.ToString(), result);
            }
            else
            {
                var piece = update is TextUpdate text ? text.Text : "";
                answer.Append(piece);
                units += piece.Length + (update is ThoughtUpdate thought ? thought.Text.Length : 0);
                if (units > LongestAnswer)
                    return null; // Leaving the loop closes the model's connection.
            }
        return null;
    }
}
