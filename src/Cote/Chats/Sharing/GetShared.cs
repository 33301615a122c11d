using System.Text.Json;
using Cote.Media;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /shared/{token}</c>: what a link shows, to whoever has it, sent while it is read.</summary>
static class GetShared
{
    public static async Task<IResult> Handle(
        string token, HttpContext http, SharedAccess access, SharedView view, OpenShares open, CancellationToken ct)
    {
        var (share, problem) = await access.FindAsync(token, http, ct);
        if (share is null)
            return ApiResults.Of(problem!);

        using var opened = open.Read(share.Id, http);
        if (opened is null)
            return ApiResults.Of(Share.Busy);
        var path = await view.ReadPathAsync(share, ct);
        http.Response.ContentType = "application/json; charset=utf-8";
        await using var output = new ExportOutput(http.Response.BodyWriter);
        var json = output.Json;
        json.WriteStartObject();
        json.WriteString("title"u8, share.Title);
        json.WriteBoolean("live"u8, share.IsLive);
        json.WriteStartArray("messages"u8);
        await foreach (var message in view.ReadAsync(share, path, ct))
        {
            JsonSerializer.Serialize(json, path.Show(message)!, SharedJson.Message);
            if (output.IsDue)
                await output.FlushAsync(ct);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await output.FlushAsync(ct);
        return Results.Empty;
    }
}

/// <summary>
/// <c>GET /shared/{token}/media/{number}</c>: an upload of a message that is shown. Pictures are made anew, without
/// what a camera writes into them; other files come as they are, with ranges. With <c>v</c>, which URLs of parts have,
/// it answers for that very file alone.
/// </summary>
static class GetSharedMedia
{
    public static async Task<IResult> Handle(
        string token, string number, string? v, HttpContext http, SharedAccess access, SharedView view, OpenShares open,
        Downloads from, CancellationToken ct)
    {
        var (share, problem) = await access.FindAsync(token, http, ct);
        if (share is null)
            return ApiResults.Of(problem!);
        var path = await view.ReadPathAsync(share, ct);
        if (NumberOf(number) is not { } n || n > path.Media.Count
            || (v is not null && v != share.VersionOf(path.Media[n - 1]))
            || await from.Media.FindAsync(share.UserId, path.Media[n - 1], ct) is not { } file)
            return ApiResults.Of(Problems.MediaNotFound);
        http.Response.RegisterForDispose(open.Open(share.Id, http.Abort));
        return file.IsImage ? await GetMedia.SendMadeAnewAsync(http, file, from, ct)
            : GetMedia.SendUncached(http, file, from);
    }

    static int? NumberOf(string text) => int.TryParse(
        text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
        && number > 0 ? number : null;
}
