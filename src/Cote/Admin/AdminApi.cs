using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Http;
using Cote.Media;
using Cote.Notices;
using Cote.Replies;
using Cote.Users;

namespace Cote.Admin;

/// <summary>What the OpenAPI document says of admins' routes, erasure and export beyond the types.</summary>
static class AdminApi
{
    public static void Describe(ApiDocument api)
    {
        DescribeAccounts(api);
        DescribeState(api);
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

    static void DescribeAccounts(ApiDocument api)
    {
        api.Schema<AccountInfo>().OneOf("role", Roles.User, Roles.Admin);
        api.Schema<AccountDetail>().Note("An account with what belongs to it, in numbers.")
            .OneOf("role", Roles.User, Roles.Admin)
            .Note("last_used_at", "When a session or a key was used last, to the minute")
            .Note("sessions", "Logins that have not ended").Note("devices", "Where it gets pushes")
            .Note("keys", "API keys that have not ended")
            .Note("shares", "Links to chats").Note("identities", "What it logs in by at issuers")
            .Note("chats", "Archived ones too").Note("media_bytes", "Of its uploads")
            .Note("caps", "What an admin gave it; null where the configuration's holds")
            .Note("budget", "The caps that hold, and what is left of them");
        api.Schema<EnabledBody>().Note("enabled", "How many work again");
        api.Operation(nameof(ListUsers)).Query("after", "From the `Link` of the page before", Id())
            .Query("q", "Only accounts whose name or address begins with it, then, from three characters on, those that "
                + "hold it elsewhere, without regard to case; or whose id it is")
            .Refuses(Problems.AdminOnly);
        api.Operation(nameof(SetBudget)).Refuses(Problems.AdminOnly, Problems.NotFound)
            .Note("Replaces the caps of the user. What is null or absent is the configuration's again.");
        api.Operation(nameof(DisableAccount))
            .Refuses(Problems.AdminOnly, Problems.NotFound, Problems.OwnAccount, Problems.LastAdmin);
        foreach (var id in (string[])[nameof(GetAccount), nameof(EnableAccount), nameof(ListSessionsOfUser),
            nameof(EndSessionsOfUser), nameof(ListDevicesOfUser), nameof(ListKeysOfUser), nameof(EnableKeysOfUser),
            nameof(ListSharesOfUser), nameof(EnableSharesOfUser)])
            api.Operation(id).Refuses(Problems.AdminOnly, Problems.NotFound);
        api.Operation(nameof(EndSessionOfUser)).Refuses(Problems.AdminOnly, Problems.SessionNotFound);
        foreach (var id in (string[])[nameof(DeleteKeyOfUser), nameof(EnableKeyOfUser)])
            api.Operation(id).Refuses(Problems.AdminOnly, Problems.KeyNotFound);
        api.Operation(nameof(RemoveDeviceOfUser)).Refuses(Problems.AdminOnly, Problems.DeviceNotFound);
        foreach (var id in (string[])[nameof(DeleteShareOfUser), nameof(EnableShareOfUser)])
            api.Operation(id).Refuses(Problems.AdminOnly, Problems.ShareNotFound);
    }

    static void DescribeState(ApiDocument api)
    {
        api.Schema<AuditEntry>().Note("actor", "A user's id, `anonymous`, or `console` for the command line");
        api.Operation(nameof(ListAudit)).Query("before", "From the `Link` of the page before", Id())
            .Query("user_id", "Only entries about this user", Id()).Refuses(Problems.AdminOnly);
        api.Operation(nameof(ListAllUsage)).Refuses(Problems.AdminOnly);
        api.Operation(nameof(GetOverview)).Refuses(Problems.AdminOnly);
        api.Schema<Overview>().Note("The installation in numbers.").OneOf("engine", "sqlite", "postgres")
            .Note("schema", "The number of the last migration").Note("now", "By the database's clock")
            .Note("database_bytes", "What the database takes on disk, media apart unless they lie in it")
            .Note("users", "All accounts, those being erased among them; more than 10,000 are counted once a minute")
            .Note("nodes", "Those that are alive, the one that answers first");
        api.Schema<NodeInfo>().Note("id", "A new one at each start").Note("current", "Is it the node that answers?")
            .Note("at", "When it was seen: now, or up to a few seconds ago where it is another node");
        api.Schema<SlotsInfo>().Note("How many replies a node makes at a time.")
            .Note("waiting", "Chats that wait for a slot there");
        api.Operation(nameof(ListReplies)).Query("after", "From the `Link` of the page before: `id.user_id`")
            .Query("user_id", "Only those of this user", Id()).Refuses(Problems.AdminOnly);
        api.Operation(nameof(StopReply))
            .Query("user_id", "Whose reply it is; needed where several users have one of this id", Id())
            .Refuses(Problems.AdminOnly, Problems.MessageNotFound, Problems.SeveralReplies);
        api.Schema<OpenReply>().Note("A reply that has not ended, and what holds it; it has no text of the chat.")
            .OneOf("state", States.Queued, States.Running, States.Waiting).OneOf("waits_for", Holds.All)
            .Note("waits_for", "`turn`: an earlier reply of the chat; `slot`: a node that has room; `node`: a "
                + "takeover; `prompt`: its prompt is made; `model`: the first word; `retry`: the next call after a "
                + "fault; `tool`: a call; `approval`: a person; `client`: a client's tool; null: text comes")
            .Note("until", "When the model is called again, or the wait for an answer ends")
            .Note("fault", "Of a retry: what the last call failed by")
            .Note("heartbeat_age", "Seconds since its node renewed the lease")
            .Note("length", "Of its text, in bytes of UTF-8, as it was written last")
            .Note("shown_at", "When text came last; null where none did, and of another node's");
        api.Schema<OpenCall>().Format("call_id", null).Note("name", "Absent for a client's own tool")
            .OneOf("state", CallStates.Proposed, CallStates.Waiting, CallStates.Approved, CallStates.Running);
        api.Operation(nameof(ListProviders)).Refuses(Problems.AdminOnly)
            .Note("A row for each provider and each node. None of them is asked: the rows say what came of calls that "
                + "were made since the node started.");
        foreach (var schema in (ApiSchema[])[api.Schema<ProviderInfo>(), api.Schema<ModelInfo>()])
            schema.OneOf("state", ProviderStates.Unused, ProviderStates.Ok, ProviderStates.Failing);
        api.Schema<ProviderInfo>().OneOf("kind", ProviderInfo.ModelsKind, ProviderInfo.McpKind)
            .Note("current", "Is it the node that answers?")
            .Note("at", "When the node saw this: now, or up to a few seconds ago where it is another one")
            .Note("models", "Of a provider of models").Note("mcp", "Of an MCP server");
        api.Schema<ModelInfo>().Note("A model, as a node has seen it since it started. A retry is a call of its own.")
            .Note("last_fault", "A code, as in `generation.error`")
            .Note("retry_at", "Until when the provider asked to wait with its last fault");
        api.Operation(nameof(ListWebhooks)).Query("before", "From the `Link` of the page before")
            .Refuses(Problems.AdminOnly);
        api.Operation(nameof(ListEndpoints)).Refuses(Problems.AdminOnly);
        foreach (var id in (string[])[nameof(RetryWebhook), nameof(DropWebhook)])
            api.Operation(id).Refuses(Problems.AdminOnly, Problems.NotFound);
        api.Schema<FailedWebhook>().Note("What was given up after a day of tries; it holds ids and no text.")
            .Format("id", null).Note("id", "The `webhook-id`, the same for every try").Note("fault", "Of the last try");
        api.Schema<WebhookState>().Note("How a configured webhook does.")
            .Note("failing_since", "Null where the last try succeeded").Note("waiting", "What is still to be told")
            .Note("oldest_at", "The time of the oldest of it").Note("failed", "Given up and listed")
            .Note("dropped", "Dropped because too much waited");
        api.Schema<McpInfo>().Note("connected", "A connection is made when its tools are wanted")
            .Note("tools", "How many it listed last").Note("failed_calls", "Calls without a result")
            .Note("last_fault", "A code of tool calls, or the type of the error");
    }

    static JsonObject ListOf(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    static JsonObject Id() => new() { ["type"] = "string", ["format"] = "uuid" };

    static JsonObject Time() => new() { ["type"] = "string", ["format"] = "date-time" };
}
