using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;

namespace Cote.Http;

/// <summary>
/// Serialized lists, kept as long as nothing in them has changed: a client that polls costs one look at a version
/// number. The number is read from the database each time, so that no node answers what another one has changed; the
/// embedded database, which no other process writes, tells that of users without being read.
/// </summary>
sealed class ListCache : IDisposable
{
    const long MostBytes = 32 << 20;
    const int LargestBytes = 1 << 20;
    const int EntryBytes = 512; // of an entry, beside its JSON

    readonly MemoryCache _answers = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    /// <summary>The kind of the answer that tells a user of itself.</summary>
    public const int Me = -1;

    /// <summary>The user whose list it is, the page of it, and which kind where there are several.</summary>
    public readonly record struct Key(
        string UserId, string? ChatId, long Limit, long? Before, long? After, int Kind = 0);

    sealed record Entry(string Version, ReadOnlyMemory<byte> Json, string? Next);

    /// <summary>The cached answer, or null where none was serialized at this version.</summary>
    public IResult? Find(Key key, string version, HttpContext http)
    {
        if (!_answers.TryGetValue(key, out Entry? entry) || entry!.Version != version)
            return null;
        if (entry.Next is not null)
            http.Response.Headers.Link = entry.Next;
        return ApiResults.Json(entry.Json);
    }

    /// <summary>Keeps the answer of this version, in place of an older one.</summary>
    public void Store(Key key, string version, ReadOnlyMemory<byte> json, HttpContext http)
    {
        if (json.Length <= LargestBytes)
            _answers.Set(key, new Entry(version, json, http.Response.Headers.Link),
                new MemoryCacheEntryOptions { Size = json.Length + EntryBytes });
    }

    public void Dispose() => _answers.Dispose();
}
