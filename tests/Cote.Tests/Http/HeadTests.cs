using Cote.Tests.Harness;

namespace Cote.Tests.Http;

public sealed class HeadTests(SharedApp shared)
{
    [Fact]
    public async Task Head_answers_as_get_does_without_the_body()
    {
        using var ada = await shared.App.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        foreach (var path in new[] { "/", "/docs", "/openapi.json", "/limits", "/health/ready", "/users/me", "/chats/",
            $"/chats/{chat}" })
        {
            var (get, head) = (await ada.GetAsync(path), await ada.SendAsync(HttpMethod.Head, path));
            head.Ok().Text.ShouldBeEmpty();
            foreach (var header in new[] { "Content-Type", "Content-Length", "Content-Security-Policy",
                "Cache-Control" })
                head.Header(header).ShouldBe(get.Header(header), $"{path} {header}");
        }
        using var anyone = shared.App.Anonymous();
        (await anyone.SendAsync(HttpMethod.Head, "/users/me")).Status.ShouldBe(401);
        (await ada.SendAsync(HttpMethod.Head, $"/chats/{Guid.CreateVersion7()}")).Status.ShouldBe(404);
        (await ada.SendAsync(HttpMethod.Head, "/nothing")).Status.ShouldBe(404);
    }

    // It would last as long as the client stays.
    [Fact]
    public async Task What_streams_has_no_head_and_what_only_posts_has_none_either()
    {
        using var ada = await shared.App.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        foreach (var path in new[] { "/events", $"/chats/{chat}/messages/{chat}/stream" })
        {
            var reply = await ada.SendAsync(HttpMethod.Head, path);
            reply.ShouldBeProblem(405, "method_not_allowed", "Method Not Allowed");
            reply.Message.Content.Headers.Allow.ShouldBe(["GET"]);
        }
        (await ada.SendAsync(HttpMethod.Head, "/logout")).Status.ShouldBe(405);
        (await ada.GetAsync("/users/me")).Ok(); // and nobody was logged out by asking
    }
}
