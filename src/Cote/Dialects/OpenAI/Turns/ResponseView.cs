using Cote.Chats;
using Cote.Delivery;
using Cote.Tools;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// One response as OpenAI's dialect shows it: a reply, or the stretch of it between two waits. Items come strictly one
/// after another, so the number of an event follows from what stands before it.
/// </summary>
/// <param name="reply">The reply.</param>
/// <param name="index">Which stretch of it, from 0.</param>
/// <param name="waits">Where it waited.</param>
sealed class ResponseView(FollowedReply reply, int index, IReadOnlyList<ReplyWait> waits)
{
    /// <summary><c>created</c>, <c>queued</c> and <c>in_progress</c> come before the items.</summary>
    const long FirstNumber = 3;

    const long NumbersOfAttempt = 1L << 32;

    public FollowedReply Reply => reply;

    public int Index => index;

    public string Id => OpenAIIds.OfResponse(reply.Id, index);

    /// <summary>The wait that ends it; null where it has not come to one.</summary>
    public ReplyWait? EndsAt => index < waits.Count ? waits[index] : null;

    /// <summary>Whether the reply has come to that wait. Until then a new turn would stand behind it, and wait too.
    /// </summary>
    public bool HasPaused => EndsAt is { } wait
        && (reply.IsWaiting || reply.IsOver || wait.IsAnswered || index < waits.Count - 1);

    /// <summary>The wait that it goes on after; null of the first.</summary>
    public ReplyWait? BeginsAfter => index == 0 ? null : waits[index - 1];

    /// <summary>Whether there is such a stretch: what comes after a wait begins with the answers.</summary>
    public bool Exists => index == 0 || index <= waits.Count && waits[index - 1].IsAnswered;

    /// <summary>The attempt that its text was shown as.</summary>
    public long Attempt => EndsAt?.Shown ?? reply.Content.Attempt;

    /// <summary>The number of an event within the attempt, as clients see it.</summary>
    public long NumberOf(long number) => Attempt * NumbersOfAttempt + number;

    /// <summary>The attempt of a number that a client has; 0 where it is of no text.</summary>
    public static long AttemptOf(long number) => number / NumbersOfAttempt;

    /// <summary>The items as far as they have come: all but the last one are done.</summary>
    /// <param name="next">The number after the last one.</param>
    /// <param name="isWhole">Whether nothing more comes.</param>
    public IReadOnlyList<ResponseItem> Read(out long next, out bool isWhole)
    {
        var items = new List<ResponseItem>();
        var number = FirstNumber;
        isWhole = false;
        next = number;
        foreach (var item in Enumerate())
        {
            // Of a reply that was deleted nothing more comes.
            var placed = item with { Base = number, IsDone = item.IsDone || reply.IsOver };
            items.Add(placed);
            if (!placed.IsDone)
                return items;
            next = number += placed.Numbers;
        }
        isWhole = HasPaused || reply.IsOver;
        return items;
    }

    IEnumerable<ResponseItem> Enumerate()
    {
        var (content, isOver) = (reply.Content, reply.IsOver);
        foreach (var part in BeginsAfter?.Asked ?? [])
            if (content.Slots.Count > part && content.PartAt(part) is ToolPart call
                && call.Source != ToolSources.Client && call.Error?.Code != ToolErrors.Denied)
                yield return new ServerCallItem(
                    OpenAIIds.OfItem("mcp_", reply.Id, part), 0, call,
                    OpenAIIds.OfItem(OpenAIIds.Approval, reply.Id, part));
        if (content.Slots.Count == 0)
        {
            if (content.Length > 0)
                yield return new TextItem(
                    OpenAIIds.OfItem("msg_", reply.Id, 0), 0, isOver, content.Text(0, content.Length), 0, []);
            yield break;
        }
        var end = Math.Min(EndsAt?.End ?? int.MaxValue, content.Slots.Count);
        for (var place = BeginsAfter?.End ?? 0; place < end; place++)
            if (ItemAt(place, end, EndsAt is not null || isOver) is { } item)
                yield return item;
    }

    // Null of a part that is no item of its own.
    ResponseItem? ItemAt(int place, int end, bool isClosed)
    {
        var content = reply.Content;
        switch (content.PartAt(place))
        {
            case TextPart text when text.End > text.Start:
                List<SourcePart> sources = [];
                var after = place + 1;
                for (; after < end && content.PartAt(after) is SourcePart source; after++)
                    sources.Add(source);
                var isDone = isClosed || after < end;
                return new TextItem(OpenAIIds.OfItem("msg_", reply.Id, place), 0, isDone,
                    content.Text(text.Start, text.End), text.Start, isDone ? sources : []);
            case ReasoningPart { Text.Length: > 0 } thought:
                return new ThoughtItem(OpenAIIds.OfItem("rs_", reply.Id, place), 0,
                    isClosed || content.Slots[place].IsClosed, thought.Text!);
            case ToolPart call when IsAsked(place, call):
                return call.Source == ToolSources.Client
                    ? new ClientCallItem(OpenAIIds.OfItem("fc_", reply.Id, place), 0, call,
                        OpenAIIds.OfCall(reply.Id, call.CallId))
                    : new ApprovalItem(OpenAIIds.OfItem(OpenAIIds.Approval, reply.Id, place), 0, call);
            case ToolPart call:
                return new ServerCallItem(OpenAIIds.OfItem("mcp_", reply.Id, place), 0, call, null);
            default:
                return null;
        }
    }

    bool IsAsked(int place, ToolPart call) =>
        call.State == CallStates.Waiting || EndsAt?.Asked.Contains(place) == true;
}
