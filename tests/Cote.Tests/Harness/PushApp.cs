using System.Security.Cryptography;
using System.Text.Json;
using Cote.Notices;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Harness;

/// <summary>
/// A server beside push services of every kind. A push waits an hour to be due, so that what a test withdraws is not
/// sent by a slow machine meanwhile; <see cref="PushSteps.MakeDueAsync"/> ends the wait.
/// </summary>
public sealed class PushApp : IAsyncLifetime
{
    public static readonly string VapidKey = MakeKey();

    LiveApp _live = null!;

    public FakePushServer Service { get; private set; } = null!;

    public LiveApp Live => _live;

    public CoteApp App => _live.App;

    public static string[] SettingsOf(FakePushServer service) =>
    [
        "Push:AfterSeconds=3600", $"Push:VapidKey={VapidKey}", "Push:VapidContact=mailto:push@example.com",
        "Push:AllowedHosts=localhost",
        $"Push:Fcm:ServiceAccount={service.ServiceAccount}", $"Push:Fcm:BaseUrl={service.Url}",
        $"Push:Apns:Key={MakeKey()}", "Push:Apns:KeyId=KEY1234567", "Push:Apns:TeamId=TEAM123456",
        "Push:Apns:Topic=com.example.cote", $"Push:Apns:BaseUrl={service.Url}",
    ];

    /// <summary>Trusts the service's certificate, and tries again soon.</summary>
    public static Action<CoteBuilder> Trusting(FakePushServer service) => add =>
    {
        add.Services.AddSingleton(Outside.Default with
        {
            Accepts = (_, given, _, _) => given?.GetCertHashString() == service.Certificate.GetCertHashString(),
        });
        add.Services.AddSingleton(new PushPace(TimeSpan.FromMilliseconds(100),
            [TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(40)]));
    };

    public async ValueTask InitializeAsync()
    {
        Service = await FakePushServer.StartAsync();
        _live = await LiveApp.StartAsync(Trusting(Service), SettingsOf(Service));
    }

    public async ValueTask DisposeAsync()
    {
        await _live.DisposeAsync();
        await Service.DisposeAsync();
    }

    /// <summary>A person with a browser that is registered.</summary>
    public async Task<(CoteClient Ada, TestBrowser Browser)> BeginAsync(string preview = "off")
    {
        var (ada, browser) = (await App.RegisterAsync(), new TestBrowser());
        (await ada.PostAsync("/devices/", browser.Device(Service.Url, preview))).Ok();
        return (ada, browser);
    }

    static string MakeKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }
}

/// <summary>What tests of pushes say often.</summary>
static class PushSteps
{
    /// <summary>A reply that has ended, in a chat of its own.</summary>
    public static async Task<(string Chat, JsonElement Reply)> GetReplyAsync(
        this CoteClient client, LiveApp live, string title = "chat", params FakeReply[] replies)
    {
        var chat = await client.CreateChatAsync(title);
        return (chat, await client.GetReplyInAsync(live, chat, replies));
    }

    /// <summary>The same in a chat that is there.</summary>
    public static async Task<JsonElement> GetReplyInAsync(
        this CoteClient client, LiveApp live, string chat, params FakeReply[] replies)
    {
        var play = live.Play(replies.Length > 0 ? replies : [FakeReply.Text("Hello", " world")]);
        var sent = await client.AskForAsync(chat, play);
        // Not over a stream: what is written to one is no push's business, and this is about nobody who looks.
        await Patience.UntilAsync(async () => (await client.MessageAsync(chat, sent.Reply))
            .Text("generation", "state") is "completed" or "waiting", "the reply ends");
        return await client.MessageAsync(chat, sent.Reply);
    }

    /// <summary>How many pushes of a reply wait.</summary>
    public static Task<long> CountPushesAsync(this CoteApp app, string replyId) => app.Services
        .GetRequiredService<Database>().FirstAsync($"select count(*) from pushes where message_id = {replyId}",
            row => row.GetInt64(0), CancellationToken.None);

    /// <summary>Waits until the pushes of a reply are withdrawn or sent.</summary>
    public static Task NoPushAsync(this CoteApp app, string replyId) => Patience.UntilAsync(
        async () => await app.CountPushesAsync(replyId) == 0, "its push is gone");

    /// <summary>The pushes of a user are due now.</summary>
    public static async Task MakeDueAsync(this CoteApp app, string userId)
    {
        var batch = new WriteBatch();
        batch.Execute($"update pushes set due_at = 0 where user_id = {userId}");
        await app.Services.GetRequiredService<Database>().WriteAsync(batch);
    }
}
