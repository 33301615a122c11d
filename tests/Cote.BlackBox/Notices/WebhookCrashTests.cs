using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cote.BlackBox.Clients;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Notices;

/// <summary>Webhooks of the published program: kill -9, and a receiver that another wrote.</summary>
[Trait("Stage", "slow")]
public sealed class WebhookCrashTests(PublishedProgram program, NodeClients clients)
{
    static readonly string[] Secrets = [SecretOf(1), SecretOf(2)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_committed_before_a_kill_is_told_after_it_under_the_same_id(bool onPostgres)
    {
        await using var model = await FakeModelServer.Start();
        await using var receiver = await WebhookReceiver.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Answer = (_, _) => gate.Task;
        await using var database = await NodeDatabase.MakeAsync(onPostgres);
        await using var node = Begin(model, receiver.Port, receiver.Certificate).On(database.Url);
        await node.StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        var reply = (await ada.AskAsync(chat, "hello")).GetProperty("reply_id").GetString()!;
        await ada.EndOfAsync(chat, reply);
        // All three are on their way or wait: none was answered.
        await receiver.NextAsync("reply.ended", ada.Id);

        await node.KillAsync();
        await database.ExecuteAsync("update webhooks set lease_until = 0");
        gate.SetResult();
        await node.StartAsync();
        var ended = await receiver.NextAsync(x => x.Type == "reply.ended", 2);
        await Patience.UntilAsync(
            async () => await database.CountAsync(node, "select count(*) from webhooks") == 0, "all are told");

        ended.Select(x => x.Id).Distinct().ShouldHaveSingleItem();
        ended.ShouldAllBe(x => x.Data("message_id") == reply);
        receiver.Received.GroupBy(x => x.Id).Select(x => x.First().Type).Order()
            .ShouldBe(["message.sent", "reply.ended", "user.created"]);
        node.Output.ShouldNotContain("fail:");
    }

    [Fact]
    public async Task The_library_of_Standard_Webhooks_takes_what_is_sent()
    {
        await clients.InstallAsync();
        await using var model = await FakeModelServer.Start();
        var port = Ports.Free();
        using var certificate = RsaKeys.CertificateFor("localhost");
        await using var node = await Begin(model, port, certificate).StartAsync();
        var key = Path.Combine(node.WorkingDirectory, "key.pem");
        using (var rsa = certificate.GetRSAPrivateKey())
            await File.WriteAllTextAsync(key, rsa!.ExportPkcs8PrivateKeyPem());

        var receiving = clients.RunAsync("webhooks.mjs", [$"{port}", key, PemOf(node), "3", .. Secrets]);
        using var ada = await CoteClient.RegisterAsync(node.Url);
        await ada.AskAsync(await ada.CreateChatAsync(), "hello");
        await receiving;

        node.Output.ShouldNotContain("whsec_");
    }

    Node Begin(FakeModelServer model, int port, X509Certificate2 certificate)
    {
        var node = Node.With(program, model,
            $"Webhooks:main:Url=https://localhost:{port}/hook", $"Webhooks:main:Secret={string.Join(' ', Secrets)}",
            "Webhooks:main:Allow=localhost");
        File.WriteAllText(PemOf(node), certificate.ExportCertificatePem());
        node.Variables["SSL_CERT_FILE"] = PemOf(node); // what the system trusts
        return node;
    }

    static string PemOf(Node node) => Path.Combine(node.WorkingDirectory, "certificate.pem");

    static string SecretOf(byte seed) =>
        "whsec_" + Convert.ToBase64String(SHA256.HashData([seed]));
}
