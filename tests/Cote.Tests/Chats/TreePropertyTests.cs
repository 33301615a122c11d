using System.Text.Json;
using Cote.Tests.Harness;
using FsCheck;
using FsCheck.Fluent;
using Check = FsCheck.Check;

namespace Cote.Tests.Chats;

/// <summary>
/// Three devices send, edit, regenerate, switch, delete and stop at random, lose their connections, and the server
/// restarts: in the end each device, the lists and <c>/sync</c> tell the same tree.
/// </summary>
public sealed class TreePropertyTests
{
    const int Chats = 2;

    /// <summary>One act of a device; the numbers choose among what is there.</summary>
    public sealed record Act(string Kind, int Device, int Chat, int Which);

    static readonly Gen<Act> Acts =
        from kind in Gen.Frequency(
            (6, Gen.Constant("send")), (4, Gen.Constant("follow")), (4, Gen.Constant("edit")),
            (5, Gen.Constant("regenerate")), (5, Gen.Constant("switch")), (4, Gen.Constant("delete")),
            (1, Gen.Constant("stop")), (2, Gen.Constant("drop")), (1, Gen.Constant("restart")))
        from device in Gen.Choose(0, 2)
        from chat in Gen.Choose(0, Chats - 1)
        from which in Gen.Choose(0, 1_000)
        select new Act(kind, device, chat, which);

    [Fact]
    public async Task Whatever_happens_every_device_ends_with_the_same_tree()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:MessagesPerMinute=100000");
        app.Model.Answer = request => FakeReply.Text("answer ", $"{request.Messages.GetArrayLength()}");
        // A failure names its acts and the seed to repeat them with.
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3),
            Prop.ForAll(Acts.ArrayOf(60).ToArbitrary(), acts => PlayAsync(app, acts)));
    }

    static async Task PlayAsync(CoteApp app, IReadOnlyList<Act> acts)
    {
        using var first = await app.RegisterAsync();
        using var second = await first.OtherDeviceAsync();
        using var third = await first.OtherDeviceAsync();
        TreeDevice[] devices = [new(first, false), new(second, false), new(third, keepsTree: true)];
        var chats = new List<string>();
        for (var i = 0; i < Chats; i++)
            chats.Add(await first.CreateChatAsync());
        foreach (var device in devices)
            await device.ConnectAsync(app.Url);
        foreach (var act in acts)
        {
            var device = devices[act.Device];
            if (act.Kind == "drop")
                await device.DropAsync();
            else if (act.Kind == "restart")
                await app.RestartAsync();
            if (act.Kind is "drop" or "restart")
                foreach (var lost in devices.Where(x => act.Kind == "restart" || x == device))
                    await lost.ConnectAsync(app.Url);
            else
                await DoAsync(device, chats[act.Chat], act);
        }
        foreach (var chat in chats)
            await EndAllAsync(devices[0], chat);
        var head = (await devices[0].Client.GetAsync("/events")).Ok()["cursor"];
        foreach (var device in devices)
            await device.CatchUpAsync(head);
        foreach (var chat in chats)
            await CheckAsync(devices, chat);
        foreach (var device in devices)
            await device.DisposeAsync();
    }

    static async Task DoAsync(TreeDevice device, string chat, Act act)
    {
        var client = device.Client;
        var all = await client.BranchesAsync(chat);
        var questions = all.Where(x => x.Text("sender") == "user").ToList();
        JsonElement one(IReadOnlyList<JsonElement> of) => of[act.Which % of.Count];
        Task<Reply> send(object body) => client.PostAsync($"/chats/{chat}/messages/", body);
        var content = $"question {act.Which}";
        var stop = act.Which % 7 == 0;
        var reply = act.Kind switch
        {
            "send" => await send(new { content, stop }),
            "follow" when all.Count > 0 => await send(new { content, parent_id = one(all).Text("id"), stop }),
            "edit" when questions.Count > 0 =>
                await send(new { content, version_of = one(questions).Text("id"), stop }),
            "regenerate" when all.Count > 0 => await client.RegenerateAsync(chat, one(all).Text("id"), new { stop }),
            "switch" when all.Count > 0 => await client.SwitchAsync(chat, one(all).Text("id")),
            "delete" when all.Count > 0 => await client.DeleteAsync($"/chats/{chat}/messages/{one(all).Text("id")}"),
            "stop" => await client.PostAsync($"/chats/{chat}/stop"),
            _ => null,
        };
        reply?.Status.ShouldBeOneOf([200, .. act.Kind == "regenerate" ? new[] { 409 } : []], reply.Text);
    }

    static async Task EndAllAsync(TreeDevice device, string chat)
    {
        while (true)
        {
            var sync = (await device.Client.GetAsync("/sync")).Ok().Json;
            var open = sync.GetProperty("running").EnumerateArray().Where(x => x.Text("chat_id") == chat).ToList();
            if (open.Count == 0)
                return;
            await device.Client.EndOfAsync(chat, open[0].Text("message_id"));
        }
    }

    static async Task CheckAsync(TreeDevice[] devices, string chat)
    {
        var client = devices[0].Client;
        var tree = await client.BranchesAsync(chat);
        var path = await client.MessagesAsync(chat);
        var leaf = (await client.ChatAsync(chat)).GetProperty("leaf_id").GetString();
        var byId = tree.ToDictionary(x => x.Text("id"));

        // No orphan, and each child is after its parent.
        foreach (var message in tree)
            if (message.GetProperty("parent_id").GetString() is { } parent)
                byId[parent].Number("seq").ShouldBeLessThan(message.Number("seq"));
        // The path is that of the leaf.
        var up = new List<string>();
        for (var id = leaf; id is not null; id = byId[id].GetProperty("parent_id").GetString())
            up.Insert(0, id);
        path.Select(x => x.Text("id")).ShouldBe(up);
        tree.Where(x => x.IsOnPath()).Select(x => x.Text("id")).ShouldBe(up);
        // Siblings are those of the tree.
        foreach (var group in tree.GroupBy(x => (x.GetProperty("parent_id").GetString(), x.Text("sender"))))
        {
            var ids = group.Select(x => x.Text("id")).ToList();
            foreach (var (message, i) in group.Select((x, i) => (x, i)))
                (message.Versions() ?? "alone").ShouldBe(ids.Count == 1 ? "alone" : $"{i + 1}/{ids.Count}");
        }
        // A delivery that is recorded between the two reads raises the chat's `changed`.
        JsonElement sync = default;
        await Patience.UntilAsync(async () =>
        {
            sync = (await client.GetAsync("/sync")).Ok().Json.GetProperty("chats").EnumerateArray()
                .Single(x => x.Text("id") == chat);
            return (await client.ChatAsync(chat)).ToString() == sync.ToString();
        }, "the chat is the same in both answers");
        var shown = path.Select(x => x.WithoutStatus()).ToList();
        foreach (var device in devices)
            device.PathOf(chat).Select(x => x.WithoutStatus()).ShouldBe(shown, device.KeepsTree ? "tree" : "path");
        var last = sync.Text("last_message_content");
        foreach (var device in devices)
            (device.LastOf(chat) ?? "").ShouldBe(last);
        if (last.Length > 0)
            path.Select(x => x.Text("content")).ShouldContain(last);
    }
}
