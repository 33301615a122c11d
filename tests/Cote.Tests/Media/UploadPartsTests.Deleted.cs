using Cote.Media;
using Microsoft.Extensions.DependencyInjection;
using static Cote.Tests.Media.Tus;

namespace Cote.Tests.Media;

public sealed partial class UploadPartsTests
{
    [Fact]
    public async Task A_missing_part_is_an_error_unless_another_request_deleted_the_upload()
    {
        using var ada = await _app.RegisterAsync();
        byte[] sound = [.. Samples.Wav(), .. Samples.Noise(2 * PartSize)];
        var upload = await BeginAsync(ada, sound.Length + 1, "a.wav");
        (await PartAsync(ada, upload, 0, sound)).Status.ShouldBe(204);
        var node = new Node(_services);
        using var uploadLock = await node.TakeAsync(ada.Id, upload);
        await DoAsync($"delete from upload_pieces where start = {(long)PartSize}");
        var whole = uploadLock.Upload with { Length = sound.Length };

        await Should.ThrowAsync<InvalidDataException>(() => node.Parts.CollectAsync(whole, default));
        (await TusAsync(ada, HttpMethod.Delete, upload)).Status.ShouldBe(204);
        (await node.Parts.CollectAsync(whole, default)).ShouldBeNull();

        UploadTests.Leftovers(_app).ShouldBeEmpty();
        (await StartsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_expired_upload_loses_its_parts_and_takes_no_more()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 10, "a.txt");
        (await PartAsync(ada, upload, 0, "abc"u8.ToArray())).Status.ShouldBe(204);
        var node = new Node(_services);
        using var uploadLock = await node.TakeAsync(ada.Id, upload);
        await using var writer = node.Parts.Append(uploadLock.Upload);
        await writer.WriteAsync("def"u8.ToArray());

        _time.Shift = TimeSpan.FromHours(24.1);
        var sweep = _services.GetRequiredService<MediaGcLoop>();
        await Task.WhenAll(sweep.SweepAsync(default), sweep.SweepAsync(default)); // as two nodes do

        (await writer.SaveAsync()).ShouldBeFalse();
        (await StartsAsync()).ShouldBeEmpty();
        (await PartAsync(ada, upload, 3, "def"u8.ToArray())).ErrorCode.ShouldBe("upload_expired");
        _time.Shift = TimeSpan.FromDays(9);
        await sweep.SweepAsync(default);
        (await HeadAsync(ada, upload)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Parts_that_a_crash_left_are_deleted_and_those_of_an_unfinished_upload_stay()
    {
        using var ada = await _app.RegisterAsync();
        var (open, lost) = (await BeginAsync(ada, 10, "a.txt"), await BeginAsync(ada, 10, "b.txt"));
        (await PartAsync(ada, open, 0, "abc"u8.ToArray())).Status.ShouldBe(204);
        (await PartAsync(ada, lost, 0, "abc"u8.ToArray())).Status.ShouldBe(204);
        await DoAsync($"delete from uploads where id = {IdOf(lost)}");

        await _services.GetRequiredService<MediaGcLoop>().ReconcileAsync(default);

        (await Db.ListAsync($"select upload_id from upload_pieces", row => row.GetString(0), default))
            .ShouldBe([IdOf(open)]);
        (await PartAsync(ada, open, 3, "defghij"u8.ToArray())).Header("Upload-Media-Url").ShouldNotBeNull();
    }

    [Fact]
    public async Task An_erased_account_leaves_no_part_and_none_can_be_added()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var (hers, stays) = (await BeginAsync(ada, 30 * PartSize, "a.wav"), await BeginAsync(eve, 10, "b.txt"));
        (await PartAsync(ada, hers, 0, [.. Samples.Wav(), .. Samples.Noise(20 * PartSize)])).Status.ShouldBe(204);
        (await PartAsync(eve, stays, 0, "abc"u8.ToArray())).Status.ShouldBe(204);
        var node = new Node(_services);
        using var uploadLock = await node.TakeAsync(ada.Id, hers);
        await using var writer = node.Parts.Append(uploadLock.Upload);
        await writer.WriteAsync(Samples.Noise(100));
        (await StartsAsync()).Count.ShouldBe(22);

        (await ada.DeleteAsync("/users/me")).Status.ShouldBe(200);

        (await writer.SaveAsync()).ShouldBeFalse();
        (await Db.ListAsync($"select user_id from upload_pieces", row => row.GetString(0), default)).ShouldBe([eve.Id]);
    }
}
