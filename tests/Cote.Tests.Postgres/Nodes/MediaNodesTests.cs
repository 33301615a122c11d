using Cote.Media;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Extensions.DependencyInjection;
using static Cote.Tests.Media.Tus;

namespace Cote.Tests.Nodes;

/// <summary>Two whole servers on one database.</summary>
[Trait("Stage", "slow")]
public sealed class MediaNodesTests
{
    const int PartSize = ChunkStore.Size;

    [Fact]
    public async Task An_upload_begun_on_one_node_goes_on_and_ends_on_another_and_is_served_by_both()
    {
        await using var one = await CoteApp.StartAsync();
        // a data directory of its own, the same database
        await using var two = await CoteApp.StartAsync([.. one.Place[1..]]);
        using var here = await one.RegisterAsync();
        using var there = new CoteClient(two.Url) { Token = here.Token };
        byte[] sound = [.. Samples.Wav(), .. Samples.Noise(3 * PartSize)];

        var upload = await BeginAsync(here, sound.Length, "a.wav");
        using (var hanging = await OpenPartAsync(one, here, upload, sound.Length))
        {
            await hanging.GetStream().WriteAsync(sound.AsMemory(0, PartSize + 1_000));
            await Patience.UntilAsync(async () => (await one.RowsAsync())["upload_pieces"].Count == 1,
                "a part has come");
            (await HeadAsync(there, upload)).Header("Upload-Offset").ShouldBe($"{PartSize}");
            (await PartAsync(there, upload, PartSize, sound[PartSize..(2 * PartSize)])).Status.ShouldBe(204);
            await hanging.GetStream().WriteAsync(Samples.Noise(PartSize)); // other bytes than those that belong there
            (await UploadPartsTests.StatusOf(hanging)).ShouldBe(423);
        }
        (await HeadAsync(here, upload)).Header("Upload-Offset").ShouldBe($"{2 * PartSize}");
        var last = await PartAsync(there, upload, 2 * PartSize, sound[(2 * PartSize)..]);

        var url = last.Header("Upload-Media-Url").ShouldNotBeNull();
        Samples.PathOf((await HeadAsync(here, upload)).Header("Upload-Media-Url")!).ShouldBe(Samples.PathOf(url));
        foreach (var node in new[] { here, there })
        {
            (await Samples.BytesOf((await node.GetAsync(url)).Ok())).AsSpan().SequenceEqual(sound).ShouldBeTrue();
            (await Samples.BytesOf(await node.GetAsync(url, x => x.Range = new(PartSize - 5, PartSize + 5))))
                .ShouldBe(sound[(PartSize - 5)..(PartSize + 6)]);
        }
        (await one.RowsAsync())["upload_pieces"].ShouldBeEmpty();
        UploadTests.Leftovers(two).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nodes_that_sweep_and_upload_the_same_bytes_at_once_lose_nothing()
    {
        var sweeps = new MediaGcLoop[2];
        await using var one = await CoteApp.StartAsync(
            x => x.Map(routes => sweeps[0] = routes.ServiceProvider.GetRequiredService<MediaGcLoop>()),
            "Media:GraceHours=0", "Media:SweepSeconds=3600");
        await using var two = await CoteApp.StartAsync(
            x => x.Map(routes => sweeps[1] = routes.ServiceProvider.GetRequiredService<MediaGcLoop>()),
            ["Media:GraceHours=0", "Media:SweepSeconds=3600", .. one.Place[1..]]);
        using var here = await one.RegisterAsync();
        using var there = new CoteClient(two.Url) { Token = here.Token };
        var picture = Samples.Png(extra: 5_000);

        for (var round = 0; round < 30; round++)
        {
            var uploads = Task.WhenAll(UploadAsync(here, "a.png"), UploadAsync(there, "b.png"));
            await Task.WhenAll(sweeps.Select(SweepAsync).Append(uploads));
            (await uploads).Select(x => $"{x.Status} {(x.Status == 200 ? "" : x.Text)}".TrimEnd())
                .ShouldBe(["200", "200"], $"round {round}");
        }
        await Task.WhenAll(sweeps.Select(SweepAsync));

        (await UploadTests.BlobsOf(one)).ShouldBeEmpty();
        var url = (await here.UploadAsync(picture, "a.png")).Ok()["url"];
        (await Samples.BytesOf((await there.GetAsync(url)).Ok())).ShouldBe(picture);

        // Of an overloaded machine the database may not answer within the seconds that it has: then a client asks
        // again, and so does the loop. That an upload and a sweep are in each other's way is no such case, and is never
        // answered so.
        async Task<Reply> UploadAsync(CoteClient client, string name)
        {
            Reply answer = null!;
            await Patience.UntilAsync(async () =>
                (answer = await client.UploadAsync(picture, name)) is not { Status: 503, ErrorCode: "unavailable" },
                "the database answers");
            return answer;
        }

        static Task SweepAsync(MediaGcLoop loop) => Patience.UntilAsync(async () =>
        {
            try
            {
                await loop.SweepAsync(default);
                return true;
            }
            catch (ProblemException error) when (error.Problem == Problems.Unavailable)
            {
                return false;
            }
        }, "the database answers");
    }
}
