using System.Globalization;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox;

/// <summary>A disk that takes nothing more, for real, while people write; and takes again, without a restart.</summary>
[Trait("Stage", "slow")]
public sealed class DiskTests(PublishedProgram program, ITestOutputHelper output)
{
    [Fact]
    public async Task On_a_full_disk_sends_are_refused_with_507_reads_go_on_and_all_is_well_when_space_is_freed()
    {
        var mount = Needs.Program("mount");
        var disk = Directory.CreateTempSubdirectory("cote-disk-").FullName;
        var (code, said) = await Shell.RunAsync(mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk);
        if (code != 0) // a right that the machine does not give, in CI either: nothing that could be installed
        {
            Directory.Delete(disk);
            Assert.Skip($"A small disk of its own cannot be mounted here: {said.Trim()}");
        }
        try
        {
            var ballast = Path.Combine(disk, "ballast");
            await TroubleAsync(
                disk, expected: 507,
                begin: _ => FillAsync(ballast),
                end: _ =>
                {
                    File.Delete(ballast);
                    return Task.CompletedTask;
                });
        }
        finally
        {
            await Shell.MustAsync("umount", disk);
            Directory.Delete(disk);
        }
    }

    [Fact]
    public async Task A_start_on_a_full_disk_serves_reads_and_refuses_writes_with_507_until_space_is_freed()
    {
        var mount = Needs.Program("mount");
        var disk = Directory.CreateTempSubdirectory("cote-disk-").FullName;
        var (code, said) = await Shell.RunAsync(mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk);
        if (code != 0)
        {
            Directory.Delete(disk);
            Assert.Skip($"A small disk of its own cannot be mounted here: {said.Trim()}");
        }
        try
        {
            await using var model = await FakeModelServer.Start();
            await using var node = await Node.With(program, model, $"Data:Directory={disk}/data").StartAsync();
            using var ada = await CoteClient.RegisterAsync(node.Url);
            var chat = await ada.CreateChatAsync();
            await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Before")).GetProperty("reply_id").GetString()!);
            await FillAsync(Path.Combine(disk, "ballast"));
            // Until the log has no room left in it either: a kill then finds no free page.
            var status = 200;
            for (var tries = 0; status == 200 && tries < 5_000; tries++)
                status = (await ada.PostAsync("/chats/", new { title = new string('x', 200) })).Status;
            status.ShouldBe(507);
            await node.KillAsync();
            await FillAsync(Path.Combine(disk, "ballast-after-the-kill"));

            await node.StartAsync(until: "/health/live");
            (await ada.MessagesAsync(chat)).Count.ShouldBe(2);
            (await ada.GetAsync("/sync")).Ok();
            status = 200;
            for (var tries = 0; status != 507 && tries < 5_000; tries++)
                status = (await ada.PostAsync("/chats/", new { title = new string('x', 200) })).Status;
            status.ShouldBe(507);

            File.Delete(Path.Combine(disk, "ballast"));
            File.Delete(Path.Combine(disk, "ballast-after-the-kill"));
            await UntilReadyAsync(ada);
            await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "After")).GetProperty("reply_id").GetString()!);
        }
        finally
        {
            await Shell.MustAsync("umount", disk);
            Directory.Delete(disk);
        }
    }

    [Fact]
    public async Task When_the_disk_fails_sends_are_refused_with_503_reads_go_on_and_all_is_well_when_it_works_again()
    {
        var prlimit = Needs.Program("prlimit");
        var directory = Directory.CreateTempSubdirectory("cote-disk-").FullName;
        // Every write beyond the first 4 KB of a file fails with EFBIG: an error of output that is not a full disk.
        await TroubleAsync(
            directory, expected: 503,
            begin: node => LimitAsync(node, "4096:unlimited"),
            end: node => LimitAsync(node, "unlimited"));
        Directory.Delete(directory, recursive: true);

        Task LimitAsync(Node node, string bytes) =>
            Shell.MustAsync(prlimit, "--pid", node.Pid.ToString(CultureInfo.InvariantCulture), $"--fsize={bytes}");
    }

    async Task TroubleAsync(string directory, int expected, Func<Node, Task> begin, Func<Node, Task> end)
    {
        await using var model = await FakeModelServer.Start();
        await using var node = Node.With(program, model, $"Data:Directory={directory}/data");
        node.Before.AddRange(["bash", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]); // the error, not the signal
        await node.StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Before")).GetProperty("reply_id").GetString()!);
        await FillSyncAsync(ada);
        // One reply is in the middle of its text when the trouble begins, and ends in the middle of it.
        var gate = new Gate();
        model.Enqueue(FakeReply.Text("It began ").ThenWaitFor(gate).Then("and it ended"));
        var open = (await ada.CreateChatAsync(), Reply: "");
        open.Reply = (await ada.AskAsync(open.Item1, "Meanwhile")).GetProperty("reply_id").GetString()!;
        await socket.ShowsAsync(open.Reply);

        await begin(node);
        var (acknowledged, refused) = await WriteUntilNotReadyAsync(ada, chat, expected);
        output.WriteLine(
            $"{acknowledged.Count} more were acknowledged in what room was left, then {refused.Count} "
                + $"refused with {expected}.");
        gate.Open();
        (await ada.GetAsync("/chats/")).Ok();
        (await ada.GetAsync("/sync")).Ok().Text.Length.ShouldBeGreaterThan(1_200_000);
        (await ada.MessagesAsync(chat)).Count.ShouldBeGreaterThanOrEqualTo(2);
        (await ada.GetAsync("/health/live")).Ok();

        await end(node);
        await UntilReadyAsync(ada);
        var told = await ada.EndOfAsync(open.Item1, open.Reply);
        told.GetProperty("content").GetString().ShouldBe("It began and it ended");
        var again = await ada.AskAsync(chat, "After", refused[0]);
        // the id was free: nothing of the refused send was left
        again.GetProperty("content").GetString().ShouldBe("After");
        await ada.EndOfAsync(chat, again.GetProperty("reply_id").GetString()!);
        await Patience.UntilAsync(
            async () => (await ada.MessagesAsync(chat))[^1].GetProperty("status").GetString() == "delivered",
            "the last reply was delivered");

        // And once more, with nothing under way that would try again by itself.
        await begin(node);
        var status = 200;
        for (var tries = 0; status == 200 && tries < 5_000; tries++)
            status = (await ada.PostAsync("/chats/", new { title = new string('x', 200) })).Status;
        status.ShouldBe(expected);
        await end(node);
        // Nobody writes: a node that waits for a write to find out would never be sent one.
        await UntilReadyAsync(ada);
        await ShouldHoldAsync();
        await node.KillAsync();
        await node.StartAsync();
        await ShouldHoldAsync();

        async Task ShouldHoldAsync()
        {
            foreach (var id in acknowledged)
                (await ada.MessageAsync(chat, id)).GetProperty("id").GetString().ShouldBe(id);
            foreach (var id in refused.Skip(1))
                (await ada.GetAsync($"/chats/{chat}/messages/{id}")).Status.ShouldBe(404);
        }
    }

    // More than an answer of /sync keeps in memory where it can write.
    static async Task FillSyncAsync(CoteClient client)
    {
        for (var i = 0; i < 40; i++)
        {
            var chat = await client.CreateChatAsync();
            (await client.PatchAsync($"/chats/{chat}", new { system_prompt = new string('x', 30_000) })).Ok();
        }
    }

    // A write-ahead log may have room left in it: what is acknowledged until then must last.
    // A checkpoint on the full disk may free the log: then the node takes writes again for a moment, and is ready.
    static async Task<(List<string> Acknowledged, List<string> Refused)> WriteUntilNotReadyAsync(
        CoteClient ada, string chat, int expected)
    {
        var (acknowledged, refused) = (new List<string>(), new List<string>());
        while (refused.Count < 20 || (await ada.GetAsync("/health/ready")).Status != 503)
        {
            acknowledged.Count.ShouldBeLessThan(5_000);
            refused.Count.ShouldBeLessThan(5_000);
            var id = Guid.CreateVersion7().ToString();
            var answer = await ada.PostAsync($"/chats/{chat}/messages/", new { content = new string('x', 2_000), id });
            (answer.Status == 200 ? acknowledged : refused).Add(id);
            if (answer.Status == 200)
                continue;
            answer.Status.ShouldBe(expected, answer.Text);
            answer.ErrorCode.ShouldNotBeNull();
            if (expected == 503)
                answer.Header("Retry-After").ShouldNotBeNull();
        }
        return (acknowledged, refused);
    }

    static async Task FillAsync(string ballast)
    {
        try
        {
            await using var file = File.Create(ballast);
            var block = new byte[4_096];
            while (true)
            {
                await file.WriteAsync(block);
                await file.FlushAsync();
            }
        }
        catch (IOException)
        {
            // full to the last block
        }
    }

    static Task UntilReadyAsync(CoteClient anyone) =>
        Patience.UntilAsync(async () => (await anyone.GetAsync("/health/ready")).Status == 200, "it takes work again");
}
