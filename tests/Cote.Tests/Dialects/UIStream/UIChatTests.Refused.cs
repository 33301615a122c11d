using Cote.Tests.Harness;
using static Cote.Tests.Dialects.UIStream.UIRequests;

namespace Cote.Tests.Dialects.UIStream;

// What a refused message leaves behind: nothing.
public sealed partial class UIChatTests
{
    static object Note(string text) => new
    {
        type = "file",
        mediaType = "text/plain",
        filename = "note.txt",
        url = "data:text/plain;base64," + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text)),
    };

    static async Task ShouldHaveNothingAsync(LiveApp app, CoteClient client)
    {
        (await client.GetAsync("/chats/")).Text.ShouldBe("[]");
        (await app.App.RowsAsync())["media"].ShouldAllBe(x => !x.Contains(client.Id, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Budgets:DayTokens=1", 429, "budget_exceeded")]
    [InlineData("Budgets:DayCostUsd=1", 422, "price_unknown")]
    public async Task A_budget_that_refuses_leaves_nothing_and_the_chat_may_be_sent_later(
        string budget, int status, string code)
    {
        await using var app = await LiveApp.StartAsync(budget);
        using var ada = await app.RegisterAsync();
        var body = Body("c", User("m1", "Hello", Note("a note")));

        var refused = await ada.PostAsync("/api/chat", body);

        (refused.Status, refused.ErrorCode).ShouldBe((status, code));
        await ShouldHaveNothingAsync(app, ada);
        await app.App.RestartAsync("Budgets:DayTokens=100000");
        using var later = new CoteClient(app.App.Url) { Token = ada.Token };
        (await RunAsync(later, body)).Shape.ShouldContain("text-delta Hello world");
        (await later.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task In_a_chat_that_is_there_a_budget_that_refuses_leaves_no_upload()
    {
        await using var app = await LiveApp.StartAsync();
        using var ada = await app.RegisterAsync();
        await RunAsync(ada, Body("c", User("m1", "Hello")));
        await app.App.RestartAsync("Budgets:DayTokens=1");
        using var later = new CoteClient(app.App.Url) { Token = ada.Token };

        (await later.PostAsync("/api/chat", Body("c", User("m2", "Hello", Note("a note")))))
            .ErrorCode.ShouldBe("budget_exceeded");

        (await app.App.RowsAsync())["media"].ShouldBeEmpty();
    }

    [Fact]
    public async Task A_wrong_field_or_a_wrong_file_leaves_no_upload()
    {
        using var ada = await live.RegisterAsync();
        var good = Note("a note");

        (await ada.PostAsync("/api/chat", new
        {
            id = "c",
            messages = new[] { User("m1", "Hello", good) },
            client_id = "p",
            client_tools = new[] { new { name = "a b" } },
        })).ShouldBeWrong("body.client_tools.0.name value_error");
        (await ada.PostAsync("/api/chat", Body("c", User("m1", "Hello", good, Note(""))))).Status.ShouldBe(422);

        await ShouldHaveNothingAsync(live, ada);
        await RunAsync(ada, Body("c", User("m1", "Hello", good)));
        (await live.App.RowsAsync())["media"].Count(x => x.Contains(ada.Id, StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task The_id_of_a_message_of_another_chat_makes_no_chat()
    {
        using var ada = await live.RegisterAsync();
        await RunAsync(ada, Body("c", User("m1", "Hello")));

        (await ada.PostAsync("/api/chat", Body("d", User("m1", "Hello")))).ErrorCode.ShouldBe("id_conflict");

        (await ada.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(1);
    }
}
