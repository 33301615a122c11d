using Cote.Chats;
using Cote.Models;
using Cote.Tools;

namespace Cote.Replies;

/// <summary>
/// Executes the calls of a step, each at most once: it is written that it runs before it runs, and what came of it
/// before the model is told.
/// </summary>
/// <param name="reply">The reply.</param>
/// <param name="tools">Its calls.</param>
/// <param name="writer">Writes and shows what becomes of them.</param>
/// <param name="context">What every run works with.</param>
/// <param name="stop">Cancels the calls: they have no known outcome then.</param>
/// <param name="shutdown">The server stops: no further call begins, and those that run have some time left.</param>
sealed class ToolRun(
    PendingReplyRow reply, ReplyTools tools, ReplyWriter writer, ReplyRunContext context, CancellationToken stop,
    CancellationToken shutdown)
{
    const int MostAtOnce = 8;
    static readonly TimeSpan LeftAtShutdown = TimeSpan.FromSeconds(20);
    static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Brings all calls to an end. False where the reply waits for answers now, and the run is over.</summary>
    /// <exception cref="OperationCanceledException">The run was ended meanwhile.</exception>
    public async Task<bool> RunAsync()
    {
        await RecoverAsync();
        await RunAllAsync(CallStates.Running);
        await RunAllAsync(CallStates.Proposed);
        while (true)
        {
            await LookForAnswersAsync();
            var waiting = tools.Calls.Count(x => x.IsWaiting);
            if (waiting == 0)
                break;
            if (await writer.WaitAsync(waiting, stop))
                return false;
        }
        await RunAllAsync(CallStates.Approved);
        return true;
    }

    // What ran when the run before this one ended is made again only where somebody vouches for it. A long output of a
    // client is cut here.
    async Task RecoverAsync()
    {
        foreach (var call in tools.Calls.Where(x => x.Part.State == CallStates.Running && !x.IsRepeatable).ToList())
            await PutAsync(ToolOutputs.Fail(
                call, CallEnds.Interrupted.Code, CallEnds.Interrupted.Detail, isUnknown: true));
        foreach (var call in tools.Calls.Where(x => context.Outputs.IsLong(x.Part)).ToList())
            await CutAsync(call);
    }

    async Task CutAsync(ToolCall call)
    {
        var (cut, files) = await context.Outputs.CutAsync(reply.UserId, call, [], stop);
        await PutAsync(cut, files);
    }

    // Answers that came while calls of the same step ran.
    async Task LookForAnswersAsync()
    {
        if (!tools.Calls.Any(x => x.IsWaiting))
            return;
        var stored = await context.ToolCalls.ListAsync(reply.UserId, reply.Id, stop);
        List<ToolCall> answered = [.. stored.Where(x => !x.IsWaiting
            && tools.Calls.Any(y => (y.Step, y.Index) == (x.Step, x.Index) && y.IsWaiting))];
        if (answered.Count == 0)
            return;
        foreach (var call in answered)
            tools.Put(call);
        await writer.ShowCallsAsync(answered, stop);
        foreach (var call in answered.Where(x => context.Outputs.IsLong(x.Part)))
            await CutAsync(call);
    }

    async Task RunAllAsync(string state)
    {
        var next = new Queue<(ToolCall Call, ServerTool Tool)>();
        foreach (var call in tools.Calls.Where(x => x.Part.State == state).ToList())
            if (await FindAsync(call) is { } tool)
                next.Enqueue((call, tool));
        // What one changes another may depend on: only calls that read run at the same time.
        var atOnce = next.All(x => x.Tool.Definition.IsReadOnly) ? MostAtOnce : 1;
        var running = new List<Task>();
        while (true)
        {
            while (next.Count > 0 && running.Count < atOnce && !shutdown.IsCancellationRequested)
            {
                var (call, tool) = next.Dequeue();
                running.Add(RunAsync(call, tool));
            }
            if (running.Count == 0)
                break;
            using var look = new CancellationTokenSource();
            var pause = Task.Delay(LookEvery, context.Clock.Provider, look.Token);
            var done = await Task.WhenAny([.. running, pause]);
            await look.CancelAsync();
            if (running.Remove(done))
                await done;
            else
                await LookForAnswersAsync();
        }
        shutdown.ThrowIfCancellationRequested();
    }

    // Null where it is not the tool any more that the model was shown: the call has failed then.
    async Task<ServerTool?> FindAsync(ToolCall call)
    {
        if (call.Part.State == CallStates.Proposed && tools.OfferedFor(call) is { } offered)
            return offered;
        var tool = await context.Tools.FindAnewAsync(call.Part.Name, stop);
        if (tool is not null && tool.Definition.Hash == call.Hash)
            return tool;
        var mayHaveRun = call.Part.State == CallStates.Running; // In a run before this one.
        await PutAsync(tool is null
            ? ToolOutputs.Fail(call, ToolErrors.Gone, "The tool is not there any more", mayHaveRun)
            : ToolOutputs.Fail(
                call, ToolErrors.Changed, "The tool has changed since the model was shown it", mayHaveRun));
        return null;
    }

    async Task RunAsync(ToolCall call, ServerTool tool)
    {
        var running = call.With(call.Part with { State = CallStates.Running });
        await PutAsync(running);
        var began = context.Clock.Ticks;
        using var span = ReplyTrace.BeginTool(call.Part.Name, tool.Definition.Source);
        using var limit = new CancellationTokenSource(
            TimeSpan.FromSeconds(context.ToolLimits.CallSeconds), context.Clock.Provider);
        using var late = new CancellationTokenSource(Timeout.InfiniteTimeSpan, context.Clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token, late.Token);
        await using var closing = shutdown.Register(() => late.CancelAfter(LeftAtShutdown));
        long ms() => (long)context.Clock.Since(began).TotalMilliseconds;
        var isReadOnly = tool.Definition.IsReadOnly;
        IReadOnlyList<Part> files = [];
        ToolCall ended;
        try
        {
            // A tool may block, and may not listen: it is left behind then.
            var output = await Task.Run(() => tool.RunAsync(
                new(reply.UserId, reply.ChatId, reply.Id, call.Part.CallId, call.KeyIn(reply.Id), call.Part.Input),
                either.Token), either.Token).WaitAsync(either.Token);
            (ended, files) = await context.Outputs.EndAsync(reply.UserId, running, output, ms(), stop);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested && limit.IsCancellationRequested)
        {
            ended = ToolOutputs.Fail(
                running, ToolErrors.Timeout,
                $"The tool did not answer within {context.ToolLimits.CallSeconds} seconds"
                    + (isReadOnly ? "" : "; the outcome of this call is not known"), !isReadOnly, ms());
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested && late.IsCancellationRequested)
        {
            ended = ToolOutputs.Fail(
                running, CallEnds.Interrupted.Code, CallEnds.Interrupted.Detail, isUnknown: true, ms());
        }
        catch (ToolException error)
        {
            context.Log.ToolFailed(reply.Id, call.Part.Name, error.Code, error.InnerException?.GetType().Name ?? "");
            ended = ToolOutputs.Fail(running, error.Code, error.Message, error.IsUnknown && !isReadOnly, ms());
        }
#pragma warning disable CA1031 // Whatever else goes wrong in a call costs the call, and not the reply.
        catch (Exception error) when (!stop.IsCancellationRequested)
#pragma warning restore CA1031
        {
            context.Log.ToolFailed(reply.Id, call.Part.Name, ToolErrors.Broken, error.GetType().Name);
            ended = ToolOutputs.Fail(
                running, ToolErrors.Broken, "The call broke off; its outcome is not known", !isReadOnly, ms());
        }
        ReplyMetrics.OnExecuted(call.Part.Name, context.Clock.Since(began), ended.Part.Error?.Code);
        ReplyTrace.End(span, ended.Part.State, ended.Part.Error?.Code);
        await PutAsync(ended, files);
    }

    async Task PutAsync(ToolCall call, IReadOnlyList<Part>? files = null)
    {
        await writer.ChangeCallsAsync([call], files ?? [], stop);
        tools.Put(call);
        ReplyMetrics.OnCallEntered(call.Part.State);
    }
}
