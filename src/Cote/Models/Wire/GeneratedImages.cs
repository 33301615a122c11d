using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// The pictures that a model made, in the shapes in which servers send them. Only what is in the answer itself is
/// taken: nothing is fetched from where it points.
/// </summary>
sealed class GeneratedImages(ReplyReader reply)
{
    /// <summary>The most bytes of pictures in one answer.</summary>
    internal const int MaxBytes = 20 * 1024 * 1024;

    static readonly SearchValues<char> TypeLetters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-");

    int _taken;

    /// <summary>Takes a list of pictures, or one.</summary>
    public void Add(JsonElement images)
    {
        if (images.ValueKind != JsonValueKind.Array)
            AddOne(images);
        else
            foreach (var image in images.EnumerateArray())
                AddOne(image);
    }

    void AddOne(JsonElement image)
    {
        var place = image.Member("image_url") ?? image.Member("image") ?? image.Member("source") ?? image;
        var url = place.String() ?? place.String("url") ?? image.String("url");
        var (type, data) = url is not null ? Split(url)
            : (place.String("media_type") ?? place.String("mime_type") ?? image.String("media_type")
                ?? image.String("mime_type") ?? "image/png",
                place.String("data") ?? place.String("b64_json") ?? image.String("b64_json"));
        if (data is null || !IsImage(type) || data.Length / 4L * 3 > MaxBytes - _taken)
            return;
        var bytes = new byte[data.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64String(data, bytes, out var length) || length == 0)
            return;
        _taken += length;
        reply.Add(new DataContent(bytes.AsMemory(0, length), type!));
    }

    static (string? Type, string? Data) Split(string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
            return (null, null);
        var head = url[5..comma].Split(';', StringSplitOptions.TrimEntries);
        return head[^1].Equals("base64", StringComparison.OrdinalIgnoreCase) ? (head[0], url[(comma + 1)..])
            : (null, null);
    }

    static bool IsImage(string? type) => type is { Length: > 6 and <= 64 }
        && type.StartsWith("image/", StringComparison.OrdinalIgnoreCase)
        && type.AsSpan(6).IndexOfAnyExcept(TypeLetters) < 0;
}
