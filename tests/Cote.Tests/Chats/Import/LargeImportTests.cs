using System.Diagnostics;
using System.Net;
using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats.Import;

/// <summary>A ChatGPT export of any size that is made while it is sent.</summary>
sealed class LongExport(int megabytes) : HttpContent
{
    // About a megabyte: a chat of twenty turns.
    static readonly string Text = new('a', 25_000);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync("["u8.ToArray());
        for (var i = 0; i < megabytes; i++)
            await stream.WriteAsync(Encoding.UTF8.GetBytes(
                (i == 0 ? "" : ",") + Exports.Straight($"c{i}", 20, n => $"{i} {n} {Text}").ToJsonString()));
        await stream.WriteAsync("]"u8.ToArray());
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>
/// What is alive while a file is imported, measured after a collection: how much garbage the runtime lets lie beside it
/// depends on the machine, and on what ran before in this process. Alone, since it measures the process.
/// </summary>
[CollectionDefinition(nameof(LargeImportTests), DisableParallelization = true)]
[Collection(nameof(LargeImportTests))]
public sealed class LargeImportTests
{
    const long Megabyte = 1_048_576;

    [Fact]
    public Task An_import_of_60_MB_keeps_memory_flat() => ImportAsync(60);

    [Fact]
    [Trait("Stage", "slow")]
    public Task An_import_of_500_MB_keeps_memory_flat() => ImportAsync(500);

    static async Task ImportAsync(int megabytes)
    {
        await using var app = await CoteApp.StartAsync("Media:MaxUploadBytes=1000000000");
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        (await eve.EndOfImportAsync(await AcceptAsync(eve, 25))).Number("chats").ShouldBe(25);
        var (before, most, began) = (GC.GetTotalMemory(forceFullCollection: true), 0L, Stopwatch.GetTimestamp());

        var id = await AcceptAsync(ada, megabytes);
        for (var state = ""; state is not ("done" or "failed");)
        {
            var status = (await ada.GetAsync($"/import/{id}")).Ok().Json;
            state = status.Text("state");
            var chats = status.Number("chats");
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
            if (state != "done")
                await Patience.UntilAsync(async () => (await ada.GetAsync($"/import/{id}")).Ok().Json is var next
                    && (next.Number("chats") > chats || next.Text("state") is "done" or "failed"), "it goes on");
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{megabytes} MB in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, "
            + $"{(most - before) / Megabyte} MB alive");
        (await ada.GetAsync("/chats/?limit=1000")).Json.GetArrayLength().ShouldBe(megabytes);
        (most - before).ShouldBeLessThan(40 * Megabyte);
    }

    static async Task<string> AcceptAsync(CoteClient client, int megabytes)
    {
        var accepted = await client.SendAsync(HttpMethod.Post, "/import", change: request =>
        {
            request.Content = new LongExport(megabytes);
            request.Content.Headers.ContentType = new("application/json");
        });
        accepted.Status.ShouldBe(202, accepted.Text);
        return accepted["id"];
    }
}
