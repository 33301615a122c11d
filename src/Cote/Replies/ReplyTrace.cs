using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>
/// The one trace of a reply. Its id is made of the user's id and the reply's, so that every node knows it and no row
/// holds it, and all of them sample alike: docs/decisions/0051-metrics-and-traces.md.
/// </summary>
static class ReplyTrace
{
    /// <summary>The state of a run whose reply another one has, or that is deleted.</summary>
    public const string Lost = "lost";

    /// <summary>The state of a run that gave its reply back because its server stops.</summary>
    public const string HandedOver = "handed_over";

    // The state of a run that an error has ended, or that could not write its end before its server stopped.
    const string BrokenOff = "broken_off";
    const string State = "cote.state";

    [ThreadStatic]
    static ActivityTraceId? _next;

    // Only a root takes an id that its sampler decides by, and this is the one way to give a root an id.
    static ReplyTrace()
    {
        var before = Activity.TraceIdGenerator;
        Activity.TraceIdGenerator = () => _next ?? before?.Invoke() ?? ActivityTraceId.CreateRandom();
    }

    /// <summary>The id of the trace: half of the SHA-256 of <c>user/reply</c>.</summary>
    public static ActivityTraceId IdOf(string userId, string replyId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{userId}/{replyId}"), hash);
        return ActivityTraceId.CreateFromBytes(hash[..16]);
    }

    /// <summary>
    /// A reply was stored by the request that is current: its span and <c>send</c>, the first span of the trace, link
    /// to each other.
    /// </summary>
    public static void OnSent(string userId, string replyId)
    {
        if (!Instruments.Source.HasListeners())
            return;
        var request = Activity.Current;
        var isTraced = request is { Recorded: true };
        using var span = StartRoot("send", ActivityKind.Producer, userId, replyId, [],
            isTraced ? [new ActivityLink(request!.Context)] : []);
        if (isTraced && span is { Recorded: true })
            request!.AddLink(new ActivityLink(span.Context));
    }

    /// <summary>
    /// A run of a reply begins. A span is told of when it ends, so <c>claim</c> ends at once: it is what is left of a
    /// run whose node is killed.
    /// </summary>
    public static Activity? BeginRun(PendingReplyRow reply)
    {
        if (!Instruments.Source.HasListeners())
            return null;
        var run = StartRoot("reply", ActivityKind.Consumer, reply.UserId, reply.Id,
            [
                new("cote.reply.attempt", reply.Attempt), new("cote.reply.takeovers", reply.Takeovers),
                new(State, BrokenOff),
            ], []);
        if (run is not null)
            Instruments.Source.StartActivity("claim", ActivityKind.Internal, run.Context,
                [new("cote.reply.attempt", reply.Attempt)])?.Dispose();
        Activity.Current = run;
        return run;
    }

    /// <summary>A tool of the server is executed, in the run that is current.</summary>
    public static Activity? BeginTool(string name, string source) => Instruments.Source.StartActivity(
        $"execute_tool {name}", ActivityKind.Internal, default(ActivityContext),
        [
            new("gen_ai.operation.name", "execute_tool"), new("gen_ai.tool.name", name),
            new("gen_ai.tool.type", source == Tools.ToolSources.Server ? "function" : "extension"),
        ]);

    /// <summary>How a span ended, where anybody wants to know.</summary>
    public static void End(Activity? span, string state, string? error)
    {
        span?.SetTag(State, state);
        if (error is not null)
            span?.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
    }

    // Leaves what is current as it was.
    static Activity? StartRoot(
        string name, ActivityKind kind, string userId, string replyId, KeyValuePair<string, object?>[] tags,
        ActivityLink[] links)
    {
        var before = Activity.Current;
        try
        {
            (Activity.Current, _next) = (null, IdOf(userId, replyId));
            return Instruments.Source.StartActivity(name, kind, default(ActivityContext), tags, links);
        }
        finally
        {
            (Activity.Current, _next) = (before, null);
        }
    }
}
