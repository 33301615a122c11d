using System.Globalization;
using System.Text;
using System.Text.Json;
using Cote.Cluster;
using Cote.Events;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>
/// The messages between a node that follows a reply and the node that makes it, its home. The follower says how far it
/// is; for half a minute the home sends what comes after that, as the frames that clients get.
/// </summary>
static class FollowProtocol
{
    const string FollowType = "follow";

    /// <summary>How long the home sends after it was asked.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    /// <summary>How often a follower asks again.</summary>
    public static readonly TimeSpan RepeatEvery = TimeSpan.FromSeconds(10);

    public static BusMessage Follow(StreamingReply reply)
    {
        var position = reply.Read().Position;
        var body = string.Create(CultureInfo.InvariantCulture, $"{position.Attempt} {position.Length}");
        return new(FollowType, reply.UserId, reply.MessageId, Encoding.ASCII.GetBytes(body));
    }

    /// <summary>The position of a follower, or null where the message is another one or malformed.</summary>
    public static TextPosition? ReadFollow(BusMessage message) =>
        message.Type == FollowType
            && Encoding.ASCII.GetString(message.Body.Span).Split(' ') is [var attempt, var length]
        && long.TryParse(attempt, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(length, CultureInfo.InvariantCulture, out var units) ? new(number, units) : null;

    public static BusMessage Text(string userId, Frame frame) => new(frame.Type, userId, "", frame.Json);

    /// <summary>
    /// A reply's text from <c>Offset</c> on, or all of it where that is null; null where the message is another one.
    /// </summary>
    /// <exception cref="JsonException">The body is no frame.</exception>
    public static (string ReplyId, long Attempt, int? Offset, string Text)? ReadText(BusMessage message)
    {
        if (message.Type is not (EventTypes.Snapshot or EventTypes.Delta))
            return null;
        var data = JsonElement.Parse(message.Body.Span).GetProperty("data");
        var isDelta = message.Type == EventTypes.Delta;
        return (data.GetProperty("message_id").GetString()!, data.GetProperty("attempt").GetInt64(),
            isDelta ? data.GetProperty("offset").GetInt32() : null,
            data.GetProperty(isDelta ? "text" : "content").GetString()!);
    }

    public static BusMessage Typing(string userId, Frame frame) => new(EventTypes.Typing, userId, "", frame.Json);

    public static Frame? ReadTyping(BusMessage message) =>
        message.Type == EventTypes.Typing ? new(EventTypes.Typing, message.Body.ToArray()) : null;
}
