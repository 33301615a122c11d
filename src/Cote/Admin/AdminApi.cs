using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Http;
using Cote.Media;
using Cote.Notices;
using Cote.Users;

namespace Cote.Admin;

/// <summary>What the OpenAPI document says of admins' routes, erasure and export beyond the types.</summary>
static class AdminApi
{
    public static void Describe(ApiDocument api)
    {
        api.Schema<AccountInfo>().OneOf("role", Roles.User, Roles.Admin);
        api.Schema<AuditEntry>().Note("actor", "A user's id, `anonymous`, or `console` for the command line");
        api.Operation(nameof(ListUsers)).Query("after", "From the `Link` of the page before", Id())
            .Refuses(Problems.AdminOnly);
        api.Operation(nameof(ListAudit)).Query("before", "From the `Link` of the page before", Id())
            .Query("user_id", "Only entries about this user", Id()).Refuses(Problems.AdminOnly);
        api.Operation(nameof(ListAllUsage)).Refuses(Problems.AdminOnly);
        api.Operation(nameof(SetBudget)).Refuses(Problems.AdminOnly, Problems.NotFound)
            .Note("Replaces the caps of the user. What is null or absent is the configuration's again.");
        api.Operation(nameof(DeleteMe)).Refuses(Problems.StorageUnavailable);

        var export = api.Schema("Export").Note("All that is the user's.")
            .Required("exported_at", "user", "created_at", "sessions", "devices", "api_keys", "identities", "chats",
                "media", "shares", "usage")
            .Property("exported_at", Time()).Property("user", ApiDocument.Ref<User>()).Property("created_at", Time())
            .Property("sessions", ListOf(ApiDocument.Ref<SessionInfo>()))
            .Property("devices", ListOf(ApiDocument.Ref<Device>()))
            .Property("api_keys", ListOf(ApiDocument.Ref<ApiKey>()))
            .Property("identities", ListOf(ApiDocument.Ref<Identity>()))
            .Property("chats", ListOf(ApiDocument.Ref("ExportedChat")))
            .Property("media", ListOf(ApiDocument.Ref<Uploaded>()))
            .Property("shares", ListOf(ApiDocument.Ref<Share>()))
            .Property("usage", ListOf(new() { ["type"] = "object" }));
        export.Json["type"] = "object";
        api.Operation(nameof(ExportMe)).Answers(200, "The file", schema: ApiDocument.Ref("Export"))
            .AnswersHeaders(200, "Content-Disposition").Refuses(Problems.DiskFull);
    }

    static JsonObject ListOf(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    static JsonObject Id() => new() { ["type"] = "string", ["format"] = "uuid" };

    static JsonObject Time() => new() { ["type"] = "string", ["format"] = "date-time" };
}
