using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

/// <summary>
/// samples/CustomServer as the page on extending describes it: started as a program, used by its URL.
/// </summary>
public sealed class SampleTests(PublishedProgram program)
{
    static readonly string Sample = Repository.Program("samples/CustomServer");

    [Fact]
    public async Task A_server_of_ones_own_has_its_routes_its_assistant_and_its_callback()
    {
        await using var node = await new Node(Sample).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        using var anonymous = new CoteClient(node.Url);

        (await anonymous.GetAsync("/new-endpoint")).Status.ShouldBe(401);
        (await ada.GetAsync("/new-endpoint")).Ok()["user_id"].ShouldBe(ada.Id);
        (await ada.PostAsync("/new-endpoint", new { field1 = "a", field2 = 7 })).Ok()["field2"].ShouldBe("7");
        (await ada.PostAsync("/new-endpoint", new { field1 = "a" })).Status.ShouldBe(422);
        var greeting = (await ada.PostAsync("/greeting")).Ok();
        var reply = await ada.EndOfAsync(greeting["chat_id"], greeting["reply_id"]);

        reply.GetProperty("content").GetString().ShouldBe("Hello, who are you? ");
        await Patience.UntilAsync(
            async () => (await ada.GetAsync("/greeting/counts")).Ok().Text == """{"sent":1,"ended":1}""",
            "the callbacks have run");
        var tooLong = await ada.AskAsync(greeting["chat_id"], string.Join(' ', Enumerable.Repeat("word", 501)));
        (await ada.EndOfAsync(greeting["chat_id"], tooLong.GetProperty("reply_id").GetString()!))
            .GetProperty("generation").GetProperty("error").GetProperty("code").GetString()
            .ShouldBe("context_too_long");
    }

    [Fact]
    public async Task Its_tables_are_a_users_own_stand_in_the_export_and_go_with_the_account()
    {
        await using var node = await new Node(Sample).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        using var eve = await CoteClient.RegisterAsync(node.Url);

        (await ada.PutAsync("/notes/home", new { text = "a" })).Ok();
        (await ada.PutAsync("/notes/home", new { text = "a dove's home" })).Ok();
        (await ada.PutAsync("/notes/empty", new { text = "" })).Status.ShouldBe(422);
        (await eve.PutAsync("/notes/home", new { text = "eve's" })).Ok();

        var notes = (await ada.GetAsync("/notes")).Ok().Json.EnumerateArray().ToList();
        notes.ShouldHaveSingleItem().GetProperty("text").GetString().ShouldBe("a dove's home");
        (await ada.GetAsync("/users/me/export")).Ok().Json.GetProperty("tables").ToString()
            .ShouldContain("a dove's home");
        (await ada.DeleteAsync("/users/me")).Ok();
        (await ada.GetAsync("/notes")).Status.ShouldBe(401);
        (await eve.GetAsync("/notes")).Ok().Json.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Its_tool_finds_what_the_user_has_and_nothing_else()
    {
        await using var node = await new Node(Sample).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        using var eve = await CoteClient.RegisterAsync(node.Url);
        (await ada.PutAsync("/notes/home", new { text = "a dove's home" })).Ok();
        (await eve.PutAsync("/notes/home", new { text = "eve's dove" })).Ok();

        var chat = await ada.CreateChatAsync();
        var reply = await ada.EndOfAsync(
            chat, (await ada.AskAsync(chat, "notes: dove")).GetProperty("reply_id").GetString()!);

        reply.GetProperty("content").GetString().ShouldBe("[\"a dove's home\"] ");
        reply.GetProperty("parts")[0].GetProperty("title").GetString().ShouldBe("Notes");
        (await ada.GetAsync("/tools")).Ok().Text.ShouldContain("find_notes");
    }

    [Fact]
    public async Task Its_command_line_knows_its_tables_and_the_plain_program_refuses_them()
    {
        await using var node = await new Node(Sample).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var data = $"--Cote:Data:Directory={node.WorkingDirectory}/data";

        var (running, listed) = await Shell.RunAsync(Sample, "list-users", data);
        (await node.StopAsync()).ShouldBe(0);
        var (stopped, listedAgain) = await Shell.RunAsync(Sample, "list-users", data);
        await using var plain = new Node(program, node.WorkingDirectory);
        var refused = await plain.RunToEndAsync();

        (running, stopped).ShouldBe((0, 0), listed + listedAgain);
        listed.ShouldContain(ada.Username);
        listedAgain.ShouldContain(ada.Username);
        refused.ShouldBe(1);
        plain.Output.ShouldContain("The database has tables of the host custom, which this program does not know.");
    }
}
