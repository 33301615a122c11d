using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>
/// One reply as its frames tell it: what a client of the live protocol would know of it. The other dialects write from
/// it what they call the same things.
/// </summary>
sealed class FollowedReply
{
    readonly ReplyContent _content;

    public FollowedReply(Message reply, Clock clock)
    {
        _content = new(ReplyText.None, clock);
        (Id, ChatId, Seq, QuestionId, Model) =
            (reply.Id, reply.ChatId, reply.Seq, reply.ReplyToId, reply.Generation?.Model ?? "");
        Take(reply);
    }

    public string Id { get; }

    public string ChatId { get; }

    /// <summary>Its place in the chat.</summary>
    public long Seq { get; }

    /// <summary>The message that it answers; null of one that was imported without.</summary>
    public string? QuestionId { get; }

    /// <summary>The model that makes it, as <c>provider/model</c>.</summary>
    public string Model { get; private set; }

    /// <summary>The text and the parts so far.</summary>
    public ReplyContent Content => _content;

    /// <summary>The whole message once it has ended.</summary>
    public Message? Ended { get; private set; }

    /// <summary>Its state as far as it is known.</summary>
    public string State { get; private set; } = States.Queued;

    /// <summary>Whether it waits for a person or a client: nothing more comes before an answer.</summary>
    public bool IsWaiting => State == States.Waiting;

    /// <summary>Whether it, its question or its chat was deleted.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>Whether nothing more comes.</summary>
    public bool IsOver => Ended is not null || IsDeleted;

    /// <summary>
    /// Takes a frame. True where the row is to be read for the rest: it ends or waits, and on a slow node frames of its
    /// parts may come after that.
    /// </summary>
    public bool Apply(Frame frame)
    {
        switch (frame.Type)
        {
            case EventTypes.Snapshot or EventTypes.Delta or EventTypes.Part or EventTypes.PartDelta:
                ApplyText(frame);
                return false;
            case EventTypes.MessageWaiting when frame.MessageId == Id:
                return true;
            case EventTypes.Message when frame.MessageId == Id:
                return true;
            case EventTypes.MessageDeleted or EventTypes.ChatDeleted:
                IsDeleted = true;
                return false;
            default:
                return false;
        }
    }

    /// <summary>Takes what the row has of it.</summary>
    public void Take(Message row)
    {
        var text = new ReplyText(row.Generation?.Attempt ?? 0, row.Content, row.PartStates);
        if (row.HasEnded || text.Position.IsNewerThan(_content.Position))
            _content.Replace(text);
        State = row.Generation?.State ?? State;
        Model = row.Generation?.Model ?? Model;
        if (!row.HasEnded)
            return;
        _content.Finish();
        Ended = row;
    }

    /// <summary>It is not there any more.</summary>
    public void Delete() => IsDeleted = true;

    void ApplyText(Frame frame)
    {
        if (State == States.Queued)
            State = States.Running;
        var data = Data(frame);
        if (frame.Type == EventTypes.Snapshot && data.GetProperty("attempt").GetInt64() >= _content.Attempt)
            Model = data.GetProperty("model").GetString() ?? Model;
        FollowProtocol.Apply(frame.Type, data, _content);
    }

    static JsonElement Data(Frame frame) => JsonElement.Parse(frame.Json.Span).GetProperty("data");
}
