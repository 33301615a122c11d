using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Admin;

// What is no fault, and what is none of the database.
public sealed partial class CheckTests
{
    [Fact]
    public async Task What_goes_on_by_itself_is_no_fault()
    {
        await using var app = await CoteApp.StartAsync("Budgets:DayTokens=1000000");
        using var ada = await app.RegisterAsync("ada");
        await FillAsync(app, ada);
        await app.StopAsync();
        await using var checks = await Checks.OpenAsync(app);

        // An account that is being erased, at some moment of it.
        foreach (var step in new[]
        {
            "update users set erased_at = 1", "update chats set deleted_at = 1", "delete from search_marks",
            "delete from calls where input > 0",
        })
        {
            await app.PlantAsync(step);
            (await checks.RunAsync()).ShouldBe((0, ""), step);
        }
        await app.PlantAsync("update users set erased_at = null");
        (await checks.RunAsync()).Said.ShouldContain("ledger: day_tokens of the budget of ");

        // A call that was open at a crash, which a node settles once there is one.
        await app.PlantAsync($"""
            insert into calls (user_id, subject_id, purpose, attempt, shown, chat_id, model, owner, until, at, day, month, input)
            select {Uid}, 'x', 'title', 1, 0, '', '', '', 1, 1, 1, 1, 1
            """);
        (await checks.RunAsync()).Said.ShouldNotContain("was never settled");
        await app.PlantAsync("insert into nodes (id, report, seen_at) values ('n', '{}', 9999999999999)");
        (await checks.RunAsync()).Said.ShouldContain(" of x of user " + ada.Id + " was never settled");
    }

    [Fact]
    public async Task A_bug_ends_a_command_that_works_without_a_server()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(Samples.Png(), "a.png")).Ok();
        await app.StopAsync();

        var check = CoteCommands.RunAsync(["check", .. app.Place], TextReader.Null, TextWriter.Null, TextWriter.Null,
            x => x.Services.AddSingleton<BlobStorage>(new Broken()));

        (await Should.ThrowAsync<InvalidOperationException>(() => check.InTimeAsync())).Message.ShouldBe("a bug");
    }

    sealed class Broken : BlobStorage
    {
        public override Task AddAsync(string id, string file, CancellationToken ct) =>
            throw new NotSupportedException();

        public override Task<Stream> OpenAsync(string id, long offset, CancellationToken ct) =>
            throw new InvalidOperationException("a bug");

        public override Task DeleteAsync(string id, CancellationToken ct) => throw new NotSupportedException();

        public override IAsyncEnumerable<string> ListAsync(CancellationToken ct) => throw new NotSupportedException();
    }
}
