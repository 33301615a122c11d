using Cote.Chats;
using Cote.Delivery;
using Cote.Media;
using Cote.Tools;

namespace Cote.Dialects.UIStream;

/// <summary>How much of a call a client knows.</summary>
enum CallStage
{
    /// <summary>The call with its arguments.</summary>
    Shown,

    /// <summary>That it waits for a person.</summary>
    Asked,

    /// <summary>What the person has said.</summary>
    Answered,

    /// <summary>What came of it.</summary>
    Over,
}

/// <summary>What a client has of a reply that goes on with what it answered.</summary>
/// <param name="Parts">How many parts it has.</param>
/// <param name="StepStart">How many of them are of steps before its last one.</param>
/// <param name="Calls">What it knows of the calls among them, by their place.</param>
sealed record KnownReply(int Parts, int StepStart, IReadOnlyDictionary<int, CallStage> Calls);

/// <summary>
/// Writes a reply as chunks. It keeps what it wrote last, and writes what leads from there to the state now: a reader
/// that comes late gets the same as one that was there, in fewer chunks.
/// </summary>
sealed class UIStreamWriter
{
    readonly FollowedReply _reply;
    readonly UIChunks _chunks;
    readonly MediaLinks _links;
    readonly bool _goesOn;
    readonly SortedDictionary<int, CallStage> _calls = [];
    long _attempt;
    int _next; // The first part that is not begun.
    int _stepStart; // The first part of the step.
    int _written; // The units of the last part, while it is open.
    bool _isOpen;
    bool _isInStep;

    public UIStreamWriter(FollowedReply reply, UIChunks chunks, MediaLinks links, KnownReply? known)
    {
        (_reply, _chunks, _links, _goesOn, _attempt) =
            (reply, chunks, links, known is not null, reply.Content.Attempt);
        if (known is null)
            return;
        (_next, _stepStart) = (known.Parts, known.StepStart);
        foreach (var (index, stage) in known.Calls)
            _calls[index] = stage;
    }

    /// <summary>The id of a call for clients, who look for it in the whole chat.</summary>
    public static string CallIdOf(string replyId, string callId) => $"{replyId}_{callId}";

    /// <summary>The beginning: a client that goes on with what it has is in the middle of a step.</summary>
    public void Start()
    {
        _chunks.Start(_reply);
        if (!_goesOn)
            BeginStep();
    }

    /// <summary>Writes what is new. False where that does not lead on from what was written.</summary>
    public bool Advance()
    {
        if ((_reply.Content.Attempt != _attempt || IsTakenBack) && !Reset())
            return false;
        var count = PartCount;
        foreach (var (index, stage) in _calls.ToList())
            AdvanceCall(index, stage);
        if (_isOpen)
            Grow(_next - 1);
        while (_next < count)
        {
            Close();
            Begin(_next++);
        }
        return true;
    }

    /// <summary>The end: of the reply, or of what there is before somebody answers.</summary>
    public void End()
    {
        Close();
        EndStep();
        var generation = _reply.Ended?.Generation;
        if (_reply.IsDeleted)
            _chunks.Error("The message was deleted.");
        else if (_reply.Ended is null)
            _chunks.Finish("tool-calls", _reply);
        else if (generation?.State == States.Failed)
        {
            _chunks.Metadata(_reply);
            _chunks.Error(generation.Error?.Detail ?? "The reply failed.");
        }
        else if (generation?.State == States.Stopped)
        {
            // Without it a client that sends results of tools by itself would go on.
            _chunks.Finish("interrupted", _reply);
            _chunks.Abort();
        }
        else
            _chunks.Finish(ReasonOf(generation), _reply);
        _chunks.End();
    }

    static string ReasonOf(Generation? generation) => generation switch
    {
        { State: States.Interrupted } => "interrupted",
        { FinishReason: null or "stop" } or null => "stop",
        { FinishReason: "length" } => "length",
        { FinishReason: "content_filter" } => "content-filter",
        _ => "other",
    };

    // Text before any part is the first part, and is not told as one.
    int PartCount => _reply.Content switch
    {
        { Slots.Count: > 0 and var count } => count,
        { Length: > 0 } => 1,
        _ => 0,
    };

    Part PartAt(int index) => _reply.Content.Slots.Count == 0
        ? new TextPart(0, _reply.Content.Length) : _reply.Content.PartAt(index);

    string TextId(int index) => $"{_attempt}-{index}";

    bool HasNothingOfStep => _next == _stepStart && !_isOpen;

    // What was shown by a run that was lost may be more than what is kept.
    bool IsTakenBack => PartCount < _next
        ? !(HasNothingOfStep && PartCount >= _stepStart - 1)
        : _isOpen && PartAt(_next - 1) switch
        {
            TextPart text => text.End - text.Start < _written,
            ReasoningPart thought => (thought.Text?.Length ?? 0) < _written,
            _ => true,
        };

    // Another attempt goes on after the steps that are over: what was shown of the step since then is taken back.
    bool Reset()
    {
        var before = _stepStart - 1; // The parts before the one that divides the steps.
        if (PartCount < before || PartCount > before && before >= 0 && PartAt(before) is not StepPart)
            return false;
        _attempt = _reply.Content.Attempt;
        if (HasNothingOfStep || HasWholeStep)
            return true;
        _chunks.Step("reset-step");
        _chunks.Metadata(_reply);
        foreach (var index in _calls.Keys.Where(x => x >= _stepStart).ToList())
            _calls.Remove(index);
        (_next, _isOpen) = (_stepStart, false);
        return true;
    }

    // Where it has calls, the step is over: it is kept.
    bool HasWholeStep => !IsTakenBack && !_isOpen && _calls.Keys.Any(x => x >= _stepStart)
        && _calls.Keys.All(x => PartAt(x) is ToolPart);

    void Begin(int index)
    {
        var part = PartAt(index);
        switch (part)
        {
            case TextPart:
                _chunks.Edge("text-start", TextId(index));
                (_isOpen, _written) = (true, 0);
                Grow(index);
                break;
            case ReasoningPart:
                _chunks.Edge("reasoning-start", TextId(index));
                (_isOpen, _written) = (true, 0);
                Grow(index);
                break;
            case StepPart:
                EndStep();
                BeginStep();
                _stepStart = index + 1;
                break;
            case ToolPart call:
                _chunks.Call(CallIdOf(_reply.Id, call.CallId), call);
                AdvanceCall(index, _calls[index] = CallStage.Shown);
                break;
            case SourcePart source:
                _chunks.Source($"{_reply.Id}_{index}", source);
                break;
            case FilePart file:
                _chunks.File((FilePart)file.Signed(_links));
                break;
        }
    }

    void Grow(int index)
    {
        var (type, text) = PartAt(index) switch
        {
            TextPart part => ("text-delta", _reply.Content.Text(part.Start + _written, part.End)),
            ReasoningPart part => ("reasoning-delta", (part.Text ?? "")[_written..]),
            _ => ("", ""),
        };
        if (text.Length > 0)
            _chunks.Delta(type, TextId(index), text);
        _written += text.Length;
    }

    void Close()
    {
        if (_isOpen)
            _chunks.Edge(PartAt(_next - 1) is TextPart ? "text-end" : "reasoning-end", TextId(_next - 1));
        _isOpen = false;
    }

    void BeginStep()
    {
        _chunks.Step("start-step");
        _isInStep = true;
    }

    void EndStep()
    {
        if (_isInStep)
            _chunks.Step("finish-step");
        _isInStep = false;
    }

    void AdvanceCall(int index, CallStage stage)
    {
        if (stage == CallStage.Over || PartAt(index) is not ToolPart call)
            return;
        var id = CallIdOf(_reply.Id, call.CallId);
        var isDenied = call is { State: CallStates.Denied, Error.Code: ToolErrors.Denied };
        if (stage == CallStage.Shown && call.Source != ToolSources.Client
            && (call.State == CallStates.Waiting || isDenied))
        {
            _chunks.AskApproval(id);
            stage = CallStage.Asked;
        }
        if (stage == CallStage.Asked && (isDenied
            || call.State is CallStates.Approved or CallStates.Running or CallStates.Done or CallStates.Failed))
        {
            _chunks.Approval(id, !isDenied, isDenied ? call.Error?.Detail : null);
            stage = CallStage.Answered;
        }
        if (CallStates.IsFinal(call.State))
        {
            if (call.State == CallStates.Done)
                _chunks.Output(id, call);
            else if (isDenied)
                _chunks.Denied(id);
            else
                _chunks.CallError(id, call.Error?.Detail ?? "The tool failed.");
            stage = CallStage.Over;
        }
        _calls[index] = stage;
    }
}
