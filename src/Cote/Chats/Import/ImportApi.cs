using System.Text.Json.Nodes;
using Cote.Http;
using Cote.Media;

namespace Cote.Chats;

/// <summary>What the OpenAPI document says of imports, and of a chat's export, beyond the types.</summary>
static class ImportApi
{
    public static void Describe(ApiDocument api)
    {
        api.Schema<ImportForm>().Property("file", new() { ["type"] = "string", ["format"] = "binary" })
            .Note("file", "Cote's own export, ChatGPT's `conversations.json` or its ZIP, or an export of Open WebUI or "
                + "LibreChat");
        api.Schema<SkippedItem>().Note("A chat that was left out, or that lost messages.")
            .Note("item", "Its place in the file, from 0")
            .OneOf("reason", SkipReasons.Exists, SkipReasons.Deleted, SkipReasons.NotAChat, SkipReasons.Unreadable,
                SkipReasons.Empty, SkipReasons.TooManyMessages, SkipReasons.TextTooLong, SkipReasons.TooDeep,
                SkipReasons.UnknownRole);
        api.Schema<ImportReport>().Note("chats", "That are here now and were not before");
        api.Schema<ImportStatus>()
            .OneOf("state", ImportStates.Queued, ImportStates.Running, ImportStates.Done, ImportStates.Failed)
            .Note("error", "Why it failed");
        api.Schema<AcceptedImport>().Note("Ask `GET /import/{id}` how far it has come.");
        api.Operation(nameof(ImportChats))
            .Note("The field `file` of a form, or the file as the body. A chat that is here, or that you deleted, is "
                + "skipped. More than 20 MB are imported in the background, and so is any file with "
                + "`Prefer: respond-async`: 202 with an id.")
            .Query("again", "`true` imports chats that are here once more, under new ids",
                new() { ["type"] = "boolean" })
            .Header("Prefer", "`respond-async` answers before the import is done")
            .Answers(202, "It is imported in the background", schema: ApiDocument.Ref<AcceptedImport>())
            .AnswersHeaders(202, "Location")
            .Refuses(Problems.ImportTooLarge, Problems.StorageUnavailable);
        api.Operation(nameof(GetImport)).Refuses(Problems.ImportNotFound);
        DescribeExport(api);
    }

    static void DescribeExport(ApiDocument api)
    {
        var exported = api.Schema("ExportedChat").Required("chat", "messages")
            .Property("chat", ApiDocument.Ref<Chat>()).Property("messages", ListOf(ApiDocument.Ref<Message>()));
        exported.Json["type"] = "object";
        var file = api.Schema("ChatExport").Note("What an import reads back.")
            .Required("exported_at", "user_id", "media", "chats")
            .Property("exported_at", new() { ["type"] = "string", ["format"] = "date-time" })
            .Property("user_id", new() { ["type"] = "string", ["format"] = "uuid" })
            .Property("media", ListOf(ApiDocument.Ref<Uploaded>()))
            .Property("chats", ListOf(ApiDocument.Ref("ExportedChat")));
        file.Json["type"] = "object";
        api.Operation(nameof(ExportChat))
            .Query("format", "`json` (the default) holds every branch, `markdown` the shown path",
                new() { ["type"] = "string", ["enum"] = new JsonArray("json", "markdown") })
            .Answers(200, "The file", schema: ApiDocument.Ref("ChatExport"))
            .Answers(200, "The file", "text/markdown", new() { ["type"] = "string" })
            .AnswersHeaders(200, "Content-Disposition");
    }

    static JsonObject ListOf(JsonObject items) => new() { ["type"] = "array", ["items"] = items };
}
