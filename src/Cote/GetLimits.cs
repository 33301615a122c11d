using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Http;
using Cote.Media.Reading;
using Cote.Notices;
using Cote.Primitives;
using Cote.Replies;
using Cote.Tools;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote;

/// <summary><c>GET /limits</c>: what this server takes, so that no client has to find out by being refused.</summary>
static class GetLimits
{
    public static IResult Handle(CoteOptions options, PushSenders push) => ApiResults.Json(Write(options, push));

    // The schema is read off the answer: a limit that is added is described by itself.
    public static void Describe(ApiDocument api)
    {
        var answer = JsonNode.Parse(Write(api.Get<CoteOptions>(), api.Get<PushSenders>()))!.AsObject();
        var schema = SchemaRules.Of(answer);
        schema["description"] = "What this server takes, as configured. Lengths are in UTF-16 units, sizes in bytes.";
        var pushes = schema["properties"]!["push"]!["properties"]!;
        pushes["kinds"]!["items"] = new JsonObject { ["type"] = "string" };
        pushes["vapid_key"] = new JsonObject { ["type"] = new JsonArray("string", "null") };
        // The document is the same on every server: the key is the one of the example in RFC 8291.
        answer["push"]!["vapid_key"] =
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
        schema["examples"] = new JsonArray(answer);
        api.Schemas["Limits"] = schema;
        api.Operation(nameof(GetLimits)).Answers(200, "The limits", schema: ApiDocument.Ref("Limits"));
    }

    static byte[] Write(CoteOptions options, PushSenders push) => ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("max_body_bytes"u8, options.Http.MaxBodyBytes);
        json.WriteNumber("max_history_bytes"u8, options.Http.MaxHistoryBytes);
        json.WriteNumber("max_content_length"u8, options.Messages.MaxContentLength);
        json.WriteNumber("max_open_replies"u8, options.Messages.MaxOpenReplies);
        json.WriteNumber("max_reply_length"u8, options.Assistants.MaxReplyLength);
        json.WriteNumber("max_reply_seconds"u8, options.Assistants.MaxReplySeconds);
        json.WriteNumber("max_upload_bytes"u8, options.Media.MaxUploadBytes);
        json.WriteNumber("media_quota_bytes"u8, options.Media.QuotaBytes);
        WriteReads(json, options);
        json.WriteNumber("max_image_pixels"u8, options.Media.MaxMegapixels * 1_000_000L);
        json.WriteNumber("max_media_per_message"u8, SendMessage.MaxMedia);
        json.WriteNumber("unnamed_media_hours"u8, options.Media.GraceHours);
        json.WriteNumber("resumable_upload_hours"u8, options.Media.ResumableHours);
        json.WriteStartObject("import"u8);
        json.WriteNumber("bytes"u8, options.Media.MaxUploadBytes);
        json.WriteNumber("chats"u8, ImportLimits.Chats);
        json.WriteEndObject();
        json.WriteNumber("max_title_length"u8, Chat.LongestTitle);
        json.WriteNumber("max_system_prompt_length"u8, ChatFields.LongestSystemPrompt);
        json.WriteNumber("max_instructions_length"u8, UpdateMe.LongestInstructions);
        json.WriteNumber("max_feedback_length"u8, Feedback.LongestText);
        json.WriteNumber("temporary_chat_hours"u8, options.Chats.TemporaryHours);
        json.WriteNumber("min_password_length"u8, Credentials.ShortestPassword);
        json.WriteNumber("max_password_length"u8, Credentials.LongestPassword);
        json.WriteStartObject("api_keys"u8);
        json.WriteNumber("per_user"u8, ApiKey.Most);
        json.WriteNumber("per_day"u8, ApiKey.MostADay);
        json.WriteNumber("name"u8, ApiKey.LongestName);
        json.WriteEndObject();
        json.WriteBoolean("mail"u8, options.Mail.IsConfigured);
        json.WriteNumber("max_list_items"u8, Page.MostItems);
        json.WriteNumber("max_list_bytes"u8, Page.MostBytes);
        json.WriteNumber("max_frame_bytes"u8, options.Realtime.MaxFrameBytes);
        json.WriteNumber("frames_per_second"u8, options.Realtime.FramesPerSecond);
        json.WriteNumber("connections_per_user"u8, options.Realtime.ConnectionsPerUser);
        json.WriteNumber("streams_per_user"u8, options.Realtime.StreamsPerUser);
        json.WriteNumber("heartbeat_ms"u8, options.Realtime.HeartbeatMilliseconds);
        json.WriteNumber("replay_max_events"u8, options.Events.ReplayMaxEvents);
        json.WriteNumber("retention_days"u8, options.Events.RetentionDays);
        json.WriteNumber("retention_events"u8, options.Events.RetentionEvents);
        json.WriteNumber("access_token_seconds"u8, options.Auth.AccessTokenMinutes * 60L);
        json.WriteStartObject("rate_limits"u8);
        json.WriteNumber("login_per_minute"u8, options.RateLimits.LoginPerMinute);
        json.WriteNumber("registration_per_minute"u8, options.RateLimits.RegistrationPerMinute);
        json.WriteNumber("messages_per_minute"u8, options.RateLimits.MessagesPerMinute);
        json.WriteNumber("switches_per_minute"u8, options.RateLimits.SwitchesPerMinute);
        json.WriteNumber("requests_per_minute"u8, options.RateLimits.RequestsPerMinute);
        json.WriteEndObject();
        WriteTools(json, options.Tools);
        json.WriteNumber("reasoning_units"u8, ReasoningPart.MostKept);
        json.WriteBoolean("budgets"u8, Caps.Of(options.Budgets).AreSet || Caps.Of(options.Budgets.All).AreSet);
        WriteSharesAndSearch(json, options.RateLimits);
        WritePush(json, options.Push, push);
        json.WriteEndObject();
    });

    static void WriteSharesAndSearch(Utf8JsonWriter json, RateLimitsOptions rates)
    {
        json.WriteStartObject("shares"u8);
        json.WriteNumber("viewers"u8, Share.MostViewers);
        json.WriteNumber("per_user"u8, Share.Most);
        json.WriteEndObject();
        json.WriteStartObject("search"u8);
        json.WriteNumber("q"u8, SearchChats.LongestQuery);
        json.WriteNumber("per_minute"u8, rates.SearchPerMinute);
        json.WriteEndObject();
    }

    static void WritePush(Utf8JsonWriter json, PushOptions options, PushSenders push)
    {
        json.WriteStartObject("push"u8);
        json.WriteStartArray("kinds"u8);
        foreach (var kind in push.Kinds)
            json.WriteStringValue(kind);
        json.WriteEndArray();
        json.WriteString("vapid_key"u8, push.VapidKey);
        json.WriteNumber("after_seconds"u8, options.AfterSeconds);
        json.WriteNumber("per_user"u8, Device.Most);
        json.WriteEndObject();
    }

    // The uploads of which a model gets more than the name: a program may be published without libraries for images.
    static void WriteReads(Utf8JsonWriter json, CoteOptions options)
    {
        json.WriteStartArray("reads"u8);
        foreach (var type in ReadTypes.Of(options.Transcription.Id is not null))
            json.WriteStringValue(type);
        json.WriteEndArray();
        json.WriteStartArray("thumbnail_widths"u8);
        foreach (var width in ReaderProgram.ReadsPictures ? MediaForms.Widths : [])
            json.WriteNumberValue(width);
        json.WriteEndArray();
    }

    static void WriteTools(Utf8JsonWriter json, ToolsOptions tools)
    {
        json.WriteStartObject("tools"u8);
        json.WriteNumber("steps"u8, tools.Steps);
        json.WriteNumber("calls"u8, tools.Calls);
        json.WriteNumber("call_seconds"u8, tools.CallSeconds);
        json.WriteNumber("argument_bytes"u8, tools.ArgumentBytes);
        json.WriteNumber("output_bytes"u8, tools.OutputBytes);
        json.WriteNumber("client_tools"u8, ClientTools.Most);
        json.WriteNumber("wait_seconds"u8, tools.WaitSeconds);
        json.WriteEndObject();
    }
}
