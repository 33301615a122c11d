using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Http;

// Examples of accounts and of other dialects.
public sealed partial class DescribedAnswersTests
{
    static async Task SendOfAccountsAsync(CoteClient ada, Func<string, string, JsonObject> example)
    {
        (await ada.PostAsync("/api-keys", example("/api-keys", "post"))).Ok();
        (await ada.PostAsync("/devices", example("/devices", "post"))).Ok();
        (await ada.PostAsync("/password/forgot", example("/password/forgot", "post"))).Ok();
        // A code is that of one's own mail.
        foreach (var path in (string[])["/password/reset", "/users/me/verify-email"])
            (await ada.PostAsync(path, example(path, "post"))).ErrorCode.ShouldBe("invalid_code");
        // Its token is nobody's.
        (await ada.PostAsync("/users/me/identities", example("/users/me/identities", "post")))
            .ErrorCode.ShouldBe("invalid_token");
    }

    static async Task SendToDialectsAsync(CoteApp app, CoteClient ada, Func<string, string, JsonObject> example)
    {
        (await ada.PostAsync("/api/chat", example("/api/chat", "post"))).Ok();
        (await ada.PostAsync("/v1/chat/completions", example("/v1/chat/completions", "post"))).Ok();
        foreach (var (path, answer) in ((string, string)[])[
            ("/v1/responses", """{"output":[]}"""), ("/v1/embeddings", """{"data":[]}""")])
        {
            app.Model.Enqueue(FakeReply.Page(answer, "application/json"));
            (await ada.PostAsync(path, example(path, "post"))).Ok();
        }
        var made = (await ada.PostAsync("/v1/conversations", example("/v1/conversations", "post"))).Ok();
        (await ada.PostAsync(
            $"/v1/conversations/{made["id"]}", example("/v1/conversations/{conversation_id}", "post"))).Ok();
    }
}
