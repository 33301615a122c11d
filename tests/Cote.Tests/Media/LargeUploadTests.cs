using System.Diagnostics;
using System.Net;
using Cote.Tests.Harness;

namespace Cote.Tests.Media;

/// <summary>A WAV of any length that is made while it is sent, and says nothing of its length.</summary>
sealed class Streamed(long length, Action<long> sent) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(Samples.Wav());
        var chunk = Samples.Noise(1_048_576);
        for (var left = length; left > 0; left -= chunk.Length)
        {
            await stream.WriteAsync(chunk.AsMemory(0, (int)Math.Min(left, chunk.Length)));
            sent(length - left);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>Alone: what it measures is the process.</summary>
[CollectionDefinition(nameof(LargeUploadTests), DisableParallelization = true)]
[Collection(nameof(LargeUploadTests))]
public sealed class LargeUploadTests
{
    const long Megabyte = 1_048_576;

    [Fact]
    public async Task An_upload_of_200_MB_keeps_memory_flat()
    {
        await using var app = await CoteApp.StartAsync("Media:MaxUploadBytes=300000000");
        using var ada = await app.RegisterAsync();
        (await ada.UploadAsync(new Streamed(20 * Megabyte, _ => { }), "warm.wav")).Ok();
        using var process = Process.GetCurrentProcess();
        GC.Collect();
        process.Refresh();
        var (before, most) = (process.WorkingSet64, 0L);

        var upload = (await ada.UploadAsync(new Streamed(200 * Megabyte, _ =>
        {
            process.Refresh();
            most = Math.Max(most, process.WorkingSet64);
        }), "long.wav")).Ok();

        long.Parse(upload["size"]).ShouldBeGreaterThan(200 * Megabyte);
        (most - before).ShouldBeLessThan(40 * Megabyte);
    }
}
