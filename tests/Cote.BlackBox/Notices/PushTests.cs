using System.Security.Cryptography;
using System.Text.Json;
using Cote.BlackBox.Clients;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Notices;

/// <summary>Pushes of the published program, with the key that it has made itself.</summary>
public sealed class PushTests(PublishedProgram program, NodeClients clients)
{
    [Fact]
    public async Task A_push_is_read_by_the_library_of_npm_and_the_key_is_its_owners_alone()
    {
        await using var model = await FakeModelServer.Start();
        await using var service = await FakePushServer.StartAsync();
        await using var node = await PushNode.With(program, model, service).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        using var browser = new TestBrowser();
        var limits = (await ada.GetAsync("/limits")).Ok().Json.GetProperty("push");
        limits.GetProperty("kinds").ToString().ShouldBe("""["webpush"]""");
        (await ada.PostAsync("/devices/", browser.Device(service.Url, "text"))).Ok();

        var (chat, reply) = await PushNode.AskAsync(ada, "Straße");
        var push = await service.NextAsync(browser.Id);

        await clients.RunAsync("push.mjs", JsonSerializer.Serialize(new
        {
            privateKey = browser.Private,
            auth = browser.Auth,
            headers = push.Headers.Where(x => x.Key is "Authorization" or "Content-Encoding").ToDictionary(),
            body = Convert.ToBase64String(push.Body),
            vapidKey = limits.GetProperty("vapid_key").GetString(),
            service = service.Url,
            expected = new
            {
                type = "reply.ended",
                user_id = ada.Id,
                chat_id = chat,
                message_id = reply,
                title = "Straße",
                body = "Hello world",
            },
        }));
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(node.WorkingDirectory, "data", "vapid.key"))
                .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Stage", "slow")]
    public async Task A_push_that_a_kill_came_before_is_sent_after_it_and_one_that_it_came_into_once_more(
        bool onPostgres)
    {
        await using var model = await FakeModelServer.Start();
        await using var service = await FakePushServer.StartAsync();
        await using var database = await NodeDatabase.MakeAsync(onPostgres);
        await using var node = await PushNode.With(program, model, service).On(database.Url)
            .WithKey(onPostgres).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        using var browser = new TestBrowser();
        (await ada.PostAsync("/devices/", browser.Device(service.Url))).Ok();

        // Its end is committed, and its time has not passed.
        var (_, first) = await PushNode.AskAsync(ada, "one");
        await node.KillAsync();
        service.Count(browser.Id).ShouldBe(0);
        await node.StartAsync();
        browser.Read(await service.NextAsync(browser.Id)).GetProperty("message_id").GetString().ShouldBe(first);

        // The service has it, and the program does not hear so.
        var taken = new TaskCompletionSource();
        service.Answer = async (_, http) =>
        {
            taken.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var (_, second) = await PushNode.AskAsync(ada, "two");
        await taken.Task.InTimeAsync();
        await node.KillAsync();
        service.Answer = (_, _) => Task.FromResult(false);
        await database.ExecuteAsync("update pushes set due_at = 0"); // A node that is alone voids the lease itself.
        await node.StartAsync();
        var pushes = new[] { await service.NextAsync(browser.Id), await service.NextAsync(browser.Id) };

        pushes.ShouldAllBe(x => browser.Read(x).GetProperty("message_id").GetString() == second);
        pushes[1].Headers["Topic"].ShouldBe(pushes[0].Headers["Topic"]);
        node.Output.ShouldNotContain("fail:");
    }
}

/// <summary>A node that pushes to a service whose certificate is its own.</summary>
static class PushNode
{
    public static Node With(PublishedProgram program, FakeModelServer model, FakePushServer service)
    {
        var node = Node.With(program, model,
            "Push:AfterSeconds=4", "Push:AllowedHosts=localhost", "Push:VapidContact=mailto:push@example.com");
        var trusted = Path.Combine(node.WorkingDirectory, "trusted.pem");
        File.WriteAllText(trusted, service.Certificate.ExportCertificatePem());
        node.Variables["SSL_CERT_FILE"] = trusted;
        return node;
    }

    /// <summary>Beside PostgreSQL the key is given.</summary>
    public static Node WithKey(this Node node, bool isGiven)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (isGiven)
            node.Variables["Cote__Push__VapidKey"] = Convert.ToBase64String(key.ExportPkcs8PrivateKey());
        return node;
    }

    public static async Task<(string Chat, string Reply)> AskAsync(CoteClient client, string title)
    {
        var chat = await client.CreateChatAsync(title);
        var reply = (await client.AskAsync(chat, "a")).GetProperty("reply_id").GetString()!;
        await client.EndOfAsync(chat, reply);
        return (chat, reply);
    }
}
