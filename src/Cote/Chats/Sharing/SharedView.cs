using System.Runtime.CompilerServices;
using Cote.Http;
using Cote.Media;

namespace Cote.Chats;

/// <summary>
/// What a share shows at one moment: its messages are known by their places, its uploads by their numbers, and neither
/// by an id.
/// </summary>
sealed class SharedPath(ShownShare share, IReadOnlyList<string> ids, IReadOnlyList<string> media)
{
    readonly Dictionary<string, int> _places = ids.Index().ToDictionary(x => x.Item, x => x.Index + 1);
    readonly Dictionary<string, int> _media = media.Index().ToDictionary(x => x.Item, x => x.Index + 1);

    /// <summary>The messages, in order.</summary>
    public IReadOnlyList<string> Ids => ids;

    /// <summary>The uploads, in the order of their numbers.</summary>
    public IReadOnlyList<string> Media => media;

    /// <summary>The type of an upload as it is shown: pictures are made anew.</summary>
    public static string? TypeOf(string? contentType) =>
        contentType?.StartsWith("image/", StringComparison.Ordinal) == true ? "image/webp" : contentType;

    /// <summary>The place of a message, from 1; null where it is not shown.</summary>
    public int? PlaceOf(string id) => _places.TryGetValue(id, out var place) ? place : null;

    /// <summary>Whether it begins with all of another one, so that places and numbers stay what they are.</summary>
    public bool GoesOnAfter(SharedPath other) => ids.Take(other.Ids.Count).SequenceEqual(other.Ids)
        && media.Take(other.Media.Count).SequenceEqual(other.Media);

    /// <summary>A message as it is shown; null where it is not.</summary>
    public SharedMessage? Show(Message message) => PlaceOf(message.Id) is not { } place ? null : new(
        place, message.Sender, message.Content, message.Timestamp, PartsOf(message.Parts ?? [], message.Media));

    /// <summary>What is shown of parts, and of uploads that are no parts; null where that is text alone.</summary>
    public IReadOnlyList<SharedPart>? PartsOf(IReadOnlyList<Part> parts, IReadOnlyList<MediaInfo> files)
    {
        // A reply that has parts shows those files alone: it may name others that a tool or an earlier attempt made.
        IReadOnlyList<SharedPart> shown =
        [
            .. parts.Where(x => share.Shows(x, parts)).Select(Show).OfType<SharedPart>(),
            .. parts.Count > 0 ? [] : files.Select(x => FileOf(x.Name, x.Id, x.ContentType)),
        ];
        return shown.All(x => x is SharedText) ? null : shown;
    }

    SharedPart? Show(Part part) => part switch
    {
        TextPart text => new SharedText(text.Start, text.End),
        ReasoningPart thought =>
            new SharedThought(thought.Text ?? "", thought.Ms, thought.Truncated),
        ToolPart call => Show(call),
        SourcePart source => new SharedSource(
            source.Title, source.Url ?? (source.MediaId is { } id ? UrlOf(id) : null), source.Snippet, source.Start,
            source.End),
        FilePart file => FileOf(file.Name, file.MediaId, file.ContentType),
        _ => null,
    };

    // The input of an open call is what a person is still to allow; the output of one that failed is its error.
    static SharedCall Show(ToolPart call) => new(
        call.Name, call.Title, call.State, CallStates.IsFinal(call.State) ? call.Input : null,
        call.State == CallStates.Done ? call.Output : null, call.State == CallStates.Done ? call.Truncated : null,
        call.Ms);

    SharedFile FileOf(string name, string? id, string? contentType) =>
        new(name, TypeOf(contentType), id is null ? null : UrlOf(id));

    string? UrlOf(string id) =>
        _media.TryGetValue(id, out var number) ? SharedPaths.MediaOf(share.Token, number, share.VersionOf(id)) : null;
}

/// <summary>Reads what shares show.</summary>
sealed class SharedView(ShareStore shares, MessageStore messages)
{
    const int PageRows = 100;
    const int PageCharacters = 500_000;

    /// <summary>Which messages and uploads a share shows now.</summary>
    public async Task<SharedPath> ReadPathAsync(ShownShare share, CancellationToken ct)
    {
        var ids = await shares.ListPathAsync(share, ct);
        return new(share, ids, await shares.ListMediaAsync(share, ids, ct));
    }

    /// <summary>The messages of a path, read page by page; one that was deleted meanwhile is left out.</summary>
    public async IAsyncEnumerable<Message> ReadAsync(
        ShownShare share, SharedPath path, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var from = 0; from < path.Ids.Count;)
        {
            // Bounded in characters too: a hundred of the longest messages are too many to hold.
            var characters = 0L;
            var next = Math.Min(path.Ids.Count, from + PageRows);
            var page = await messages.ListAsync(
                share.UserId, share.ChatId, path.Ids.Skip(from).Take(next - from), share.View,
                x => (characters += x.Texts.Sum(y => y?.Length ?? 0)) > PageCharacters, ct);
            foreach (var message in page)
                yield return message;
            from = characters > PageCharacters ? path.PlaceOf(page[^1].Id)!.Value : next;
        }
    }
}
