using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;

namespace Cote.Http;

/// <summary>
/// Lists as they were written, for as long as nothing in them has changed: whoever opens a chat again, or polls, costs one
/// look at a number. That number stands in the database and is read each time, so that no node ever answers what another
/// one has changed.
/// </summary>
sealed class ListCache : IDisposable
{
    const long MostBytes = 32 << 20;
    const int LargestBytes = 1 << 20;

    readonly MemoryCache _answers = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    /// <summary>Whose list it is, and which part of it.</summary>
    public readonly record struct Key(string UserId, string? ChatId, long Limit, long? Before, long? After);

    sealed record Written(string Version, ReadOnlyMemory<byte> Json, string? Next);

    /// <summary>The answer, if it was written at this version.</summary>
    public IResult? Find(Key key, string version, HttpContext http)
    {
        if (!_answers.TryGetValue(key, out Written? written) || written!.Version != version)
            return null;
        if (written.Next is not null)
            http.Response.Headers.Link = written.Next;
        return ApiResults.Json(written.Json);
    }

    /// <summary>Keeps what was written at this version, in place of what was kept before.</summary>
    public void Store(Key key, string version, ReadOnlyMemory<byte> json, HttpContext http)
    {
        if (json.Length <= LargestBytes)
            _answers.Set(key, new Written(version, json, http.Response.Headers.Link), new MemoryCacheEntryOptions { Size = json.Length + 512 });
    }

    public void Dispose() => _answers.Dispose();
}
