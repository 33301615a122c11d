using System.Collections.Immutable;

namespace Cote.Testing;

/// <summary>
/// What a fake model does with one call, step by step: <c>FakeReply.Text("Hello", " world")</c>,
/// <c>FakeReply.Text("Hello").ThenCut()</c>, <c>FakeReply.After(gate).Then("late")</c>. It does not know which wire it
/// will be spoken on.
/// </summary>
public sealed record FakeReply
{
    internal abstract record Step
    {
        internal sealed record Say(string Text) : Step;
        internal sealed record Think(string Text) : Step;
        internal sealed record Call(int Index, string Id, string Name, string Arguments) : Step;
        internal sealed record WaitFor(Gate Gate) : Step;
        internal sealed record Raw(string Data) : Step;
        internal sealed record Error(string Type, string Message) : Step;
        internal sealed record Pause(TimeSpan Length) : Step;
        internal sealed record Stall : Step;
        internal sealed record Cut : Step;
        internal sealed record End : Step;
        internal sealed record Bytes(ReadOnlyMemory<byte> Data) : Step;
        internal sealed record Reset : Step;
    }

    FakeReply(params ImmutableArray<Step> steps) => Steps = steps;

    internal ImmutableArray<Step> Steps { get; init; }
    internal int Status { get; init; } = 200;
    internal string? Body { get; init; }
    internal string ContentType { get; init; } = "text/event-stream";
    internal IReadOnlyDictionary<string, string> Headers { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Why the reply is over, in OpenAI's words; null for a stream that never says.</summary>
    public string? FinishReason { get; init; } = "stop";

    public int InputTokens { get; init; } = 11;

    public int OutputTokens { get; init; } = 7;

    /// <summary>These chunks, a finish reason, usage.</summary>
    public static FakeReply Text(params string[] chunks) => new([.. chunks.Select(chunk => new Step.Say(chunk))]);

    /// <summary>Not a byte of the stream until the gate opens.</summary>
    public static FakeReply After(Gate gate) => new(new Step.WaitFor(gate));

    /// <summary>A refusal. The body is sent as it is; by default one that both wires would understand.</summary>
    public static FakeReply Refuse(int status, string? body = null, params (string Name, string Value)[] headers) =>
        new()
        {
            Status = status,
            Body = body ?? """{"type":"error","error":{"type":"fake_error","message":"sk-secret said no"}}""",
            ContentType = "application/json",
            Headers = headers.ToImmutableDictionary(header => header.Name, header => header.Value),
        };

    /// <summary>A 200 that is no stream.</summary>
    public static FakeReply Page(string body, string contentType = "text/html") =>
        new() { Body = body, ContentType = contentType };

    /// <summary>
    /// Bytes as they go over the socket, status line and all; the connection is closed behind them. Steps of this kind
    /// are only followed by gates, stalls, further bytes and <see cref="ThenReset"/>.
    /// </summary>
    public static FakeReply Bytes(params ReadOnlySpan<byte[]> parts)
    {
        var reply = new FakeReply();
        foreach (var part in parts)
            reply = reply.ThenBytes(part);
        return reply;
    }

    /// <summary>Further bytes on the socket.</summary>
    public FakeReply ThenBytes(byte[] data) => With(new Step.Bytes(data));

    /// <summary>The TCP connection is reset: what the client has not read may be lost.</summary>
    public FakeReply ThenReset() => With(new Step.Reset());

    internal bool IsRaw => Steps.Any(step => step is Step.Bytes);

    /// <summary>Further chunks.</summary>
    public FakeReply Then(params string[] chunks) => With([.. chunks.Select(chunk => new Step.Say(chunk))]);

    /// <summary>Pieces of a thought, a finish reason, usage.</summary>
    public static FakeReply Thought(params string[] chunks) => Text().ThenThink(chunks);

    /// <summary>Pieces of a thought.</summary>
    public FakeReply ThenThink(params string[] chunks) => With([.. chunks.Select(chunk => new Step.Think(chunk))]);

    /// <summary>A tool call, a finish reason, usage.</summary>
    public static FakeReply Call(string name, string arguments = "{}", string? id = null) =>
        Text().ThenCall(name, arguments, id);

    /// <summary>A tool call; the reply ends with <c>tool_calls</c>.</summary>
    /// <param name="name">The tool.</param>
    /// <param name="arguments">JSON, or what a bad model takes for it.</param>
    /// <param name="id">The model's id of the call.</param>
    public FakeReply ThenCall(string name, string arguments = "{}", string? id = null)
    {
        var index = Steps.Count(step => step is Step.Call);
        return With(new Step.Call(index, id ?? $"fake_{index}", name, arguments)) with { FinishReason = "tool_calls" };
    }

    /// <summary>Goes on when the test opens the gate.</summary>
    public FakeReply ThenWaitFor(Gate gate) => With(new Step.WaitFor(gate));

    /// <summary>These chunks, each after a pause: a model that speaks at its own pace.</summary>
    public static FakeReply Paced(TimeSpan pause, IEnumerable<string> chunks) =>
        new([.. chunks.SelectMany(chunk => new Step[] { new Step.Pause(pause), new Step.Say(chunk) })]);

    /// <summary>Silence, for as long as the client keeps the connection.</summary>
    public FakeReply ThenStall() => With(new Step.Stall());

    /// <summary>The TCP connection breaks.</summary>
    public FakeReply ThenCut() => With(new Step.Cut());

    /// <summary>The stream ends properly, without a finish reason and without its closing event.</summary>
    public FakeReply ThenNothing() => With(new Step.End()) with { FinishReason = null };

    /// <summary>An event whose data is this, JSON or not.</summary>
    public FakeReply ThenRaw(string data) => With(new Step.Raw(data));

    /// <summary>An error inside the stream, which then ends.</summary>
    public FakeReply ThenError(string type, string message = "sk-secret broke") =>
        With(new Step.Error(type, message), new Step.End()) with { FinishReason = null };

    FakeReply With(params ImmutableArray<Step> steps) => this with { Steps = Steps.AddRange(steps) };
}

/// <summary>A place in a scripted reply where the fake model waits for the test.</summary>
public sealed class Gate
{
    readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a call has come to the gate: all before it is written.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets every call through, now and later.</summary>
    public void Open() => _opened.TrySetResult();

    internal Task Pass(CancellationToken cancellation)
    {
        _reached.TrySetResult();
        return _opened.Task.WaitAsync(cancellation);
    }
}
