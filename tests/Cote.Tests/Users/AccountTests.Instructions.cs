using System.Text.Json;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

public sealed partial class AccountTests
{
    [Fact]
    public async Task Instructions_stand_before_every_chats_prompt_until_null_removes_them()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        async Task<string> systemAsync(object settings)
        {
            var chat = await ada.CreateChatAsync();
            (await ada.PatchAsync($"/chats/{chat}", settings)).Ok();
            var play = live.Play(FakeReply.Text("done"));
            await ada.AskForAsync(chat, play);
            return (await play.NextCallAsync()).Messages.EnumerateArray().Where(x => x.Text("role") == "system")
                .Select(x => x.Text("content")).SingleOrDefault() ?? "";
        }

        var changed = (await ada.PatchAsync("/users/me", new { instructions = "I keep doves." })).Ok();

        changed["instructions"].ShouldBe("I keep doves.");
        (await ada.GetAsync("/users/me")).Ok().Text.ShouldBe(changed.Text);
        (await ada.PatchAsync("/users/me", "{}")).Ok().Text.ShouldBe(changed.Text);
        (await systemAsync(new { })).ShouldBe("I keep doves.");
        (await systemAsync(new { system_prompt = "Be brief." })).ShouldBe("I keep doves.\n\nBe brief.");
        (await ada.GetAsync("/users/me/export")).Json.GetProperty("user").Text("instructions")
            .ShouldBe("I keep doves.");
        (await ada.PatchAsync("/users/me", """{"instructions":null}""")).Ok().Json.GetProperty("instructions").ValueKind
            .ShouldBe(JsonValueKind.Null);
        (await systemAsync(new { system_prompt = "Be brief." })).ShouldBe("Be brief.");
    }

    [Fact]
    public async Task What_a_host_writes_into_a_user_is_told_at_once()
    {
        IServiceProvider services = null!;
        await using var app = await CoteApp.StartAsync(x => x.Map(routes => services = routes.ServiceProvider));
        using var ada = await app.RegisterAsync();
        using var bob = await app.RegisterAsync();
        foreach (var user in new[] { ada, bob, ada, bob })
            (await user.GetAsync("/users/me")).Json.GetProperty("instructions").ValueKind.ShouldBe(JsonValueKind.Null);

        for (var i = 0; i < 3; i++)
        {
            var instructions = $"Be brief {i}.";
            var batch = new WriteBatch();
            batch.Execute($"update users set instructions = {instructions} where id = {ada.Id}");
            await services.GetRequiredService<Database>().WriteAsync(batch);

            (await ada.GetAsync("/users/me"))["instructions"].ShouldBe(instructions);
            (await bob.GetAsync("/users/me")).Json.GetProperty("instructions").ValueKind.ShouldBe(JsonValueKind.Null);
        }
    }

    [Fact]
    public async Task Instructions_have_a_limit_and_count_in_the_prompt()
    {
        await using var app = await CoteApp.StartAsync("Assistants:ContextTokens=1024", "Assistants:MaxTokens=256");
        using var ada = await app.RegisterAsync();
        var longest = (int)(await ada.GetAsync("/limits")).Json.Number("max_instructions_length");

        (await ada.PatchAsync("/users/me", new { instructions = new string('x', longest + 1) }))
            .ShouldBeWrong("body.instructions string_too_long");
        (await ada.PatchAsync("/users/me", new { instructions = 7 })).ShouldBeWrong("body.instructions string_type");
        (await ada.PatchAsync("/users/me", new { instructions = new string('x', longest) })).Ok();

        var chat = await ada.CreateChatAsync();
        var end = await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Hi")).Text("reply_id"));
        end.Text("generation", "error", "code").ShouldBe("context_too_long");
    }
}
