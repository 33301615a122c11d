using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>
/// An open reply of a shared chat: what is known of it, and what one viewer was told. Text is told by deltas; where a
/// part that is shown has changed, all is told anew.
/// </summary>
sealed class SharedReply(Clock clock)
{
    readonly ReplyContent _content = new(ReplyText.None, clock);
    byte[] _toldParts = [];
    long _toldRev = -1;
    long _toldAttempt;
    int _toldLength;
    bool _isTold;

    /// <summary>Takes a frame of its text or of its parts.</summary>
    public void Take(string type, JsonElement data) => FollowProtocol.Apply(type, data, _content);

    /// <summary>The viewer forgets what it was told: its place may be another one.</summary>
    public void Forget() => _isTold = false;

    /// <summary>The frame that leads the viewer on to what is known; null where it knows all.</summary>
    public Frame? Advance(SharedPath path, int place)
    {
        var attempt = _content.Attempt;
        var parts = _isTold && attempt == _toldAttempt && _toldRev == _content.Rev ? _toldParts : PartsOf(path);
        var isSame = _isTold && attempt == _toldAttempt && _content.Length >= _toldLength
            && parts.AsSpan().SequenceEqual(_toldParts);
        var from = _toldLength;
        (_isTold, _toldAttempt, _toldLength, _toldRev, _toldParts) =
            (true, attempt, _content.Length, _content.Rev, parts);
        if (!isSame)
            return Snapshot(place, parts);
        return from == _content.Length ? null : Frame.Write(EventTypes.Delta, data =>
        {
            data.WriteNumber("place"u8, place);
            data.WriteNumber("attempt"u8, attempt);
            data.WriteNumber("offset"u8, from);
            data.WriteString("text"u8, _content.Text(from, _content.Length));
        });
    }

    Frame Snapshot(int place, byte[] parts) => Frame.Write(EventTypes.Snapshot, data =>
    {
        data.WriteNumber("place"u8, place);
        data.WriteString("sender"u8, Senders.Ai);
        data.WriteNumber("attempt"u8, _content.Attempt);
        data.WriteString("content"u8, _content.Text(0, _content.Length));
        if (parts.Length == 0)
            return;
        data.WritePropertyName("parts"u8);
        data.WriteRawValue(parts, skipInputValidation: true);
    });

    // Ranges of the text grow with it: where there is nothing else, they tell nothing.
    byte[] PartsOf(SharedPath path) =>
        path.PartsOf([.. _content.Slots.Select((_, index) => _content.PartAt(index))], []) is { } shown
            ? JsonSerializer.SerializeToUtf8Bytes(shown, SharedJson.Parts) : [];
}
