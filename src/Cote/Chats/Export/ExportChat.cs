using System.Text;
using Cote.Media;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cote.Chats;

/// <summary>
/// <c>GET /chats/{chat_id}/export</c>: a chat as a file, sent while it is made. As JSON it holds every branch and is
/// what an import reads back; as Markdown it is the shown path, for people.
/// </summary>
static class ExportChat
{
    const string Markdown = "markdown";
    const int FlushCharacters = 64 * 1024;
    const int LongestName = 80;

    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, ChatStore chats, ChatExportStores stores, Clock clock,
        string? format, CancellationToken ct)
    {
        var request = new RequestReader();
        if (format is not (null or "" or "json" or Markdown))
            request.AddQueryError("format", "it is json or markdown", format);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } id || await chats.FindAsync(user.Id, id, ct) is not { Temporary: false } chat)
            return ApiResults.Of(Problems.ChatNotFound);

        var isMarkdown = format == Markdown;
        var disposition = new ContentDispositionHeaderValue("attachment");
        var title = Excerpt.Of(chat.Title, LongestName);
        var name = FileNames.Clean(title.Trim().Length == 0 ? "chat" : title);
        disposition.SetHttpFileName(name + (isMarkdown ? ".md" : ".json"));
        http.Response.Headers.ContentDisposition = disposition.ToString();
        http.Response.ContentType = isMarkdown ? "text/markdown; charset=utf-8" : "application/json; charset=utf-8";
        await (isMarkdown ? WriteMarkdownAsync(http, user.Id, chat, stores, ct)
            : WriteJsonAsync(http, user.Id, chat, stores, clock.Now, ct));
        return Results.Empty;
    }

    // The form of the account's export, with one chat: names of uploads come first, since an import reads once.
    static async Task WriteJsonAsync(
        HttpContext http, string userId, Chat chat, ChatExportStores stores, Timestamp now, CancellationToken ct)
    {
        await using var output = new ExportOutput(http.Response.BodyWriter);
        var json = output.Json;
        json.WriteStartObject();
        json.WriteString("exported_at"u8, now.ToString());
        json.WriteString("user_id"u8, userId);
        json.WriteStartArray("media"u8);
        foreach (var file in await stores.Media.ListOfChatAsync(userId, chat.Id, ct))
            System.Text.Json.JsonSerializer.Serialize(json, file.ToUploaded(stores.Links), MediaJson.Default.Uploaded);
        json.WriteEndArray();
        json.WriteStartArray("chats"u8);
        await new ChatExportWriter(output, stores, userId).WriteAsync(chat, ct);
        json.WriteEndArray();
        json.WriteEndObject();
        await output.FlushAsync(ct);
    }

    static async Task WriteMarkdownAsync(
        HttpContext http, string userId, Chat chat, ChatExportStores stores, CancellationToken ct)
    {
        var names = (await stores.Media.ListOfChatAsync(userId, chat.Id, ct)).ToDictionary(x => x.Path, x => x.Name);
        var text = new StringBuilder();
        text.Append("# ").Append(chat.Title.ReplaceLineEndings(" ")).Append('\n');
        await foreach (var message in
            ChatExportWriter.ReadAsync(stores.Messages, userId, chat.Id, Branches.Path, ct))
        {
            text.Append("\n## ").Append(message.Sender == Senders.User ? "User" : "Assistant");
            if (message.Generation?.Model is { Length: > 0 } model)
                text.Append(" (").Append(model.ReplaceLineEndings(" ")).Append(')');
            text.Append(", ").Append(message.Timestamp.ToString()).Append("\n\n");
            if (message.Content.Length > 0)
                text.Append(message.Content).Append('\n');
            foreach (var url in message.MediaUrls)
                text.Append("\n[").Append(names.GetValueOrDefault(url, url)).Append("]\n");
            if (text.Length > FlushCharacters)
                await FlushAsync();
        }
        await FlushAsync();

        async Task FlushAsync()
        {
            await http.Response.WriteAsync(text.ToString(), ct);
            text.Clear();
        }
    }
}
