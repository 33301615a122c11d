using System.Text.Json.Nodes;
using Cote.Http;

namespace Cote.Chats;

/// <summary>What the OpenAPI document says of shares beyond their types.</summary>
static class SharingApi
{
    const string PartName = nameof(SharedPart);

    public static void Describe(ApiDocument api)
    {
        api.Schema<NewShare>().Range("expires_in", Share.ShortestLife, Share.LongestLife)
            .Note("expires_in", "Seconds; without it the link has no end")
            .Note("live", "Whether it follows the chat; without it, it shows the path of this moment")
            .Items("include", 20, 100)
            .Note("include", "What is shown besides: `reasoning`, `tools`")
            .Example("""{"expires_in":604800,"live":true,"include":["reasoning"]}""");
        api.Schema<Share>().Note("A link to a chat.")
            .Note("url", "The path of the page; in the answer that makes it, and never again").Format("url", null)
            .Note("live", "Whether it follows the chat").Note("include", "What is shown besides: `reasoning`, `tools`")
            .Note("expires_at", "Null: it has no end");
        api.Schema<SharedForkBody>().Length("title", 0, Chat.LongestTitle)
            .Note("id", "A UUID of yours: with it the request is safe to repeat")
            .Note("title", "Without it the shared one")
            .Example("{}");
        DescribeShown(api);
        foreach (var id in (string[])[nameof(GetShared), nameof(GetSharedMedia), nameof(ForkShared)])
            api.Operation(id).Refuses(Problems.ShareNotFound);
        api.Operation(nameof(GetShared)).Refuses(Problems.TooManyRequests, Problems.Unavailable);
        api.Operation(nameof(ForkShared)).Refuses(Problems.PathTooLong, Problems.StorageUnavailable);
        api.Operation(nameof(GetSharedMedia))
            .Note("The number is that of the URL of a part. A picture is made anew as WebP, without metadata; other "
                + "files are those that were uploaded, and ranges work.")
            .Query("v", "From the URL of a part: the answer is that very file, or a 404")
            .Header("Range", "Some of the bytes")
            .Answers(200, "The bytes", "application/octet-stream", Binary())
            .Answers(206, "The bytes of the range", "application/octet-stream", Binary())
            .Answers(416, "There is no such range").AnswersHeaders(200, "Content-Disposition")
            .Refuses(Problems.MediaNotFound, Problems.UnsupportedMediaType, Problems.Busy, Problems.Unavailable,
                Problems.StorageUnavailable);
    }

    static void DescribeShown(ApiDocument api)
    {
        foreach (var kind in api.Schemas.Select(x => x.Key).Where(IsKind).ToList())
            api.Schemas.Remove(kind);
        api.Schemas[PartName] = new JsonObject { ["type"] = "object" };
        api.Schema(PartName)
            .Note("A part of a shared message, told apart by `type`; docs/sharing.md says which fields each has. Later "
                + "versions add types and fields: ignore others.")
            .Required("type").Property("type", Text()).Note("type", "`text`, `reasoning`, `tool`, `source`, `file`…")
            .Property("start", Count()).Note("start", "Of `text` and `source`: where it begins in `content`")
            .Property("end", Count()).Note("end", "Where that ends")
            .Property("text", Text()).Note("text", "Of `reasoning`: the thought")
            .Property("ms", Count()).Note("ms", "How long it took, in milliseconds")
            .Property("truncated", new JsonObject { ["type"] = "boolean" }).Note("truncated", "True where less is kept")
            .Property("title", Text()).Property("snippet", Text()).Property("state", Text()).Property("name", Text())
            .Property("input", new JsonObject()).Note("input", "Of `tool`: the arguments of a call that has ended")
            .Property("output", new JsonObject()).Note("output", "Of `tool`: what it returned")
            .Property("content_type", Text())
            .Property("url", Text()).Note("url", "Of `file`: a path below `/shared/`; absent where there are no bytes");
        api.Schema<SharedMessage>().OneOf("sender", Senders.User, Senders.Ai).Note("place", "1 is the first message")
            .Note("content", "Of an open reply: the text so far").Property("parts", ListOfParts())
            .Note("parts", "What it is made of beside its text, files included; absent where it is plain text");
        api.Schema<SharedChat>().Note("What a link shows.").Note("live", "Whether `/events` tells of what changes");
    }

    public static JsonObject ListOfParts() => new() { ["type"] = "array", ["items"] = ApiDocument.Ref(PartName) };

    static bool IsKind(string schema) => schema == PartName || schema.StartsWith(PartName, StringComparison.Ordinal)
        || schema is nameof(SharedText) or nameof(SharedThought) or nameof(SharedCall) or nameof(SharedSource)
            or nameof(SharedFile);

    static JsonObject Text() => new() { ["type"] = "string" };

    static JsonObject Count() => new() { ["type"] = "integer", ["minimum"] = 0 };

    static JsonObject Binary() => new() { ["type"] = "string", ["format"] = "binary" };
}
