using System.Globalization;
using System.Text;
using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using static Cote.Tests.Media.Tus;

namespace Cote.Tests.Media;

// What looks at the files of parts. Where these lie in the database, UploadPartsTests has the same.
public sealed partial class ResumableUploadTests
{
    // The connection breaks in the middle of a part, the server is restarted, and the client goes on from where HEAD
    // says.
    [Fact]
    public async Task After_a_cut_and_a_restart_it_goes_on_where_it_was()
    {
        await using var app = await CoteApp.StartAsync();
        using var before = await app.RegisterAsync();
        var text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(x => $"{x} ")));
        var upload = await BeginAsync(before, text.Length, "long.txt");
        using (var phone = await OpenPartAsync(app, before, upload, text.Length))
        {
            await phone.GetStream().WriteAsync(text.AsMemory(0, 300_000));
            await Patience.UntilAsync(() => Task.FromResult(FileOf(app, upload).Length == 300_000),
                "the part has come");
            phone.Client.LingerState = new(true, 0);
        }
        await app.RestartAsync();
        using var ada = await before.OtherDeviceAsync(app.Url);

        var head = await HeadAsync(ada, upload);
        var offset = int.Parse(head.Header("Upload-Offset")!, CultureInfo.InvariantCulture);
        var last = await PartAsync(ada, upload, offset, text[offset..]);

        offset.ShouldBe(300_000);
        (await Samples.BytesOf((await ada.GetAsync(last.Header("Upload-Media-Url")!)).Ok())).ShouldBe(text);
        FileOf(app, upload).Exists.ShouldBeFalse();
    }

    // The phone has a new network; its old connection hangs there and still looks alive. Who comes later is let in.
    [Fact]
    public async Task A_later_request_takes_the_upload_from_one_that_hangs()
    {
        using var ada = await _app.RegisterAsync();
        var text = Encoding.ASCII.GetBytes(new string('a', 200_000));
        var upload = await BeginAsync(ada, text.Length, "a.txt");
        using var hanging = await OpenPartAsync(_app, ada, upload, text.Length);
        await hanging.GetStream().WriteAsync(text.AsMemory(0, 50_000));
        await Patience.UntilAsync(() => Task.FromResult(FileOf(_app, upload).Length == 50_000), "the part has come");

        var offset = int.Parse((await HeadAsync(ada, upload)).Header("Upload-Offset")!, CultureInfo.InvariantCulture);
        var last = await PartAsync(ada, upload, offset, text[offset..]);

        offset.ShouldBe(50_000);
        (await ada.GetAsync(last.Header("Upload-Media-Url")!)).Text.Length.ShouldBe(200_000);
    }

    [Fact]
    public async Task After_its_time_it_is_gone_and_so_is_its_file()
    {
        var time = new ShiftedTime();
        MediaGcLoop? sweep = null;
        await using var app = await CoteApp.StartAsync(x =>
        {
            x.Services.AddSingleton<TimeProvider>(time);
            x.Map(routes => sweep = routes.ServiceProvider.GetRequiredService<MediaGcLoop>());
        }, "Auth:AccessTokenMinutes=100000");
        using var ada = await app.RegisterAsync();
        var upload = await BeginAsync(ada, 10, "a.txt");
        (await PartAsync(ada, upload, 0, "abc"u8.ToArray())).Status.ShouldBe(204);
        FileOf(app, upload).Exists.ShouldBeTrue();

        time.Shift = TimeSpan.FromHours(24.1);
        var late = await PartAsync(ada, upload, 3, "def"u8.ToArray());
        await sweep!.SweepAsync(default);

        (late.Status, late.ErrorCode).ShouldBe((410, "upload_expired"));
        FileOf(app, upload).Exists.ShouldBeFalse();
        (await HeadAsync(ada, upload)).Status.ShouldBe(410);
        time.Shift = TimeSpan.FromDays(9);
        await sweep.SweepAsync(default);
        (await HeadAsync(ada, upload)).Status.ShouldBe(404);
    }

    static FileInfo FileOf(CoteApp app, string upload) =>
        new(Path.Combine(app.Data, "media", "resumable", upload[(upload.LastIndexOf('/') + 1)..]));
}
