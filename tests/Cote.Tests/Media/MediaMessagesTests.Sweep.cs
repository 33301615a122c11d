using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Media;

public sealed partial class MediaMessagesTests
{
    [Fact]
    public async Task What_no_message_names_is_swept_and_what_one_names_is_kept()
    {
        await using var app = await CoteApp.StartAsync("Media:GraceHours=0", "Media:SweepSeconds=1");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (sent, named) = await SendPictureAsync(ada, chat);
        var unnamed = await ada.PictureAsync();

        await Patience.UntilAsync(async () => (await ada.GetAsync(unnamed)).Status == 404, "the unnamed one is swept");
        (await ada.GetAsync(named)).Ok();
        await Patience.UntilAsync(async () => (await UploadTests.BlobsOf(app)).Count == 1, "its bytes go too");

        (await ada.DeleteAsync($"/chats/{chat}/messages/{sent["id"]}")).Ok();
        await Patience.UntilAsync(async () => (await ada.GetAsync(named)).Status == 404, "a deleted message lets go");
        await Patience.UntilAsync(async () => (await UploadTests.BlobsOf(app)).Count == 0, "and the disk is empty");
    }

    [Fact]
    public async Task A_deleted_chat_lets_go_of_what_its_messages_named_and_other_chats_do_not()
    {
        await using var app = await CoteApp.StartAsync("Media:GraceHours=0", "Media:SweepSeconds=1");
        using var ada = await app.RegisterAsync();
        var (chat, other) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var (_, gone) = await SendPictureAsync(ada, chat);
        var (_, kept) = await SendPictureAsync(ada, chat);
        await SendAsync(ada, other, "image", "", kept);

        (await ada.DeleteAsync($"/chats/{chat}")).Ok();

        await Patience.UntilAsync(async () => (await ada.GetAsync(gone)).Status == 404,
            "what only that chat named is swept");
        (await ada.GetAsync(kept)).Ok();
    }

    [Fact]
    public async Task Within_the_grace_period_nothing_is_swept()
    {
        await using var app = await CoteApp.StartAsync("Media:SweepSeconds=1", "Media:GraceHours=1");
        using var ada = await app.RegisterAsync();
        var url = await ada.PictureAsync();
        await using (var other = await CoteApp.StartAsync("Media:SweepSeconds=1", "Media:GraceHours=0"))
        {
            using var guard = await other.RegisterAsync(); // as long as a sweep needs elsewhere
            var swept = await guard.PictureAsync();
            await Patience.UntilAsync(async () => (await guard.GetAsync(swept)).Status == 404, "a sweep was made");
        }

        (await ada.GetAsync(url)).Ok();
    }

    [Fact]
    public async Task An_erased_account_takes_its_uploads_along_and_leaves_anothers_of_the_same_bytes()
    {
        MediaGcLoop? sweep = null;
        await using var app = await CoteApp.StartAsync(
            x => x.Map(routes => sweep = routes.ServiceProvider.GetRequiredService<MediaGcLoop>()));
        using var ada = await app.RegisterAsync();
        using var bob = await app.RegisterAsync();
        var (_, alone) = await SendPictureAsync(ada, await ada.CreateChatAsync());
        var shared = Samples.Png(extra: 100);
        var (hers, his) = ((await ada.UploadAsync(shared, "a.png")).Ok()["url"],
            (await bob.UploadAsync(shared, "b.png")).Ok()["url"]);
        (await ada.GetAsync("/users/me/export")).Ok().Json.GetProperty("media").GetArrayLength().ShouldBe(2);

        (await ada.DeleteAsync("/users/me")).Ok();
        await sweep!.SweepAsync(default);

        using var nobody = app.Anonymous();
        foreach (var url in new[] { alone, hers })
            (await nobody.GetAsync(url)).Status.ShouldBe(404);
        (await Samples.BytesOf((await nobody.GetAsync(his)).Ok())).ShouldBe(shared);
        (await UploadTests.BlobsOf(app)).Count.ShouldBe(1);
    }

    // One user's uploads of some bytes are swept again and again while another uploads the same: whoever has sent a
    // message with them must find them.
    [Fact]
    public async Task The_same_bytes_that_come_while_they_are_swept_are_not_lost()
    {
        MediaGcLoop? sweep = null;
        await using var app = await CoteApp.StartAsync(
            x => x.Map(routes => sweep = routes.ServiceProvider.GetRequiredService<MediaGcLoop>()),
            "Media:GraceHours=0");
        using var ada = await app.RegisterAsync();
        using var bob = await app.RegisterAsync();
        var chat = await bob.CreateChatAsync(model: "demo/instant");
        var picture = Samples.Png(extra: 500);
        using var done = new CancellationTokenSource();
        var churn = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                (await ada.UploadAsync(picture, "hers.png")).Ok();
                await sweep!.SweepAsync(done.Token);
            }
        });
        var (sent, swept) = (0, 0);

        while (sent < 40)
        {
            var url = (await bob.UploadAsync(picture, "his.png")).Ok()["url"];
            var message = await bob.PostAsync($"/chats/{chat}/messages/",
                new { content = "", type = "image", media_urls = new[] { url } });
            if (message.ErrorCode is "media_not_found" && ++swept < 400)
                continue; // swept between the upload and the send: said, not lost in silence
            (await Samples.BytesOf((await bob.GetAsync(url)).Ok())).ShouldBe(picture);
            (await bob.DeleteAsync($"/chats/{chat}/messages/{message.Ok()["id"]}")).Ok(); // and the blob may go again
            sent++;
        }

        // So there was a race to lose.
        app.Logs.ShouldContain(x => x.Contains("uploads that no message references", StringComparison.Ordinal));
        await done.CancelAsync();
        await churn.ContinueWith(
            x => (x.IsCanceled || x.IsCompletedSuccessfully).ShouldBeTrue(x.Exception?.ToString()),
            TaskScheduler.Default);
    }
}
