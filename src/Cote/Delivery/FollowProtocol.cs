using System.Globalization;
using System.Text;
using System.Text.Json;
using Cote.Chats;
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

    // A node that speaks another version drops what it does not know, and shows checkpoints.
    const string Version = "2 ";

    /// <summary>How long the home sends after it was asked.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    /// <summary>How often a follower asks again.</summary>
    public static readonly TimeSpan RepeatEvery = TimeSpan.FromSeconds(10);

    public static BusMessage Follow(StreamingReply reply)
    {
        var at = reply.Read().Position;
        var body = string.Create(CultureInfo.InvariantCulture, $"{at.Attempt} {at.Length} {at.Rev} {at.Thought}");
        return new(Version + FollowType, reply.UserId, reply.MessageId, Encoding.ASCII.GetBytes(body));
    }

    /// <summary>The position of a follower, or null where the message is another one or malformed.</summary>
    public static ReplyPosition? ReadFollow(BusMessage message)
    {
        if (message.Type != Version + FollowType)
            return null;
        long[] numbers = [.. Encoding.ASCII.GetString(message.Body.Span).Split(' ')
            .Select(x => long.TryParse(x, CultureInfo.InvariantCulture, out var number) ? number : -1)];
        return numbers is [var attempt, <= int.MaxValue and var length, var rev, <= int.MaxValue and var thought]
            ? new(attempt, (int)length, rev, (int)thought) : null;
    }

    public static BusMessage Text(string userId, Frame frame) => new(Version + frame.Type, userId, "", frame.Json);

    /// <summary>
    /// Of a frame of a reply: its reply, and what takes it, which is false where something before it is missing. Null
    /// where the message is another one.
    /// </summary>
    /// <exception cref="JsonException">The body is no frame.</exception>
    public static (string ReplyId, Func<StreamingReply, bool> Take)? ReadText(BusMessage message)
    {
        if (!message.Type.StartsWith(Version, StringComparison.Ordinal) || message.Type == Version + FollowType)
            return null;
        var type = message.Type[Version.Length..];
        var data = JsonElement.Parse(message.Body.Span).GetProperty("data");
        Func<StreamingReply, bool>? take = null;
        if (type == EventTypes.Snapshot)
            take = reply =>
            {
                reply.Replace(ReadSnapshot(data));
                return true;
            };
        else if (ReadPiece(type, data) is var (isFirst, write))
            take = reply => reply.TryWrite(data.GetProperty("attempt").GetInt64(), isFirst, write);
        return take is null ? null : (data.GetProperty("message_id").GetString()!, take);
    }

    /// <summary>The text and the parts of a <c>message.snapshot</c>.</summary>
    public static ReplyText ReadSnapshot(JsonElement data) =>
        new(data.GetProperty("attempt").GetInt64(), data.GetProperty("content").GetString()!, ReadParts(data));

    /// <summary>
    /// Of a frame that adds to a reply: whether an attempt may begin with it, and what adds it, which is false where
    /// something before it is missing. Null of another frame.
    /// </summary>
    public static (bool IsFirst, Func<ReplyContent, bool> Write)? ReadPiece(string type, JsonElement data)
    {
        int number(string name) => data.GetProperty(name).GetInt32();
        string text() => data.GetProperty("text").GetString()!;
        return type switch
        {
            EventTypes.Delta => (number("offset") == 0, x => x.Write(number("offset"), text())),
            EventTypes.PartDelta =>
                (false, x => x.WriteThought(number("index"), number("offset"), text())),
            EventTypes.Part => (number("index") == 0,
                x => x.Set(number("index"), ReadPart(data.GetProperty("part")), number("rev"))),
            _ => null,
        };
    }

    /// <summary>Lets a reply take a frame of its text or of its parts; what it has already changes nothing.</summary>
    public static void Apply(string type, JsonElement data, ReplyContent content)
    {
        var attempt = data.GetProperty("attempt").GetInt64();
        if (attempt < content.Attempt)
            return;
        if (type == EventTypes.Snapshot)
        {
            var text = ReadSnapshot(data);
            if (text.Position.IsNewerThan(content.Position))
                content.Replace(text);
            return;
        }
        var (isFirst, write) = ReadPiece(type, data)!.Value;
        if (attempt > content.Attempt && !isFirst)
            return;
        if (attempt > content.Attempt)
            content.Begin(attempt);
        write(content);
    }

    static ReplyParts ReadParts(JsonElement data)
    {
        if (!data.TryGetProperty("rev", out var number))
            return ReplyParts.None;
        var rev = number.GetInt64();
        return new(rev, [.. data.GetProperty("parts").EnumerateArray().Select(x => new PartState(ReadPart(x), rev))]);
    }

    static Part ReadPart(JsonElement part) => part.Deserialize(WireJson.Part)!;

    public static BusMessage Typing(string userId, Frame frame) => new(EventTypes.Typing, userId, "", frame.Json);

    public static Frame? ReadTyping(BusMessage message) =>
        message.Type == EventTypes.Typing ? new(EventTypes.Typing, message.Body.ToArray()) : null;
}
