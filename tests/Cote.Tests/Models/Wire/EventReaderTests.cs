using System.IO.Compression;
using System.Text;
using Cote.Models;
using Cote.Primitives;

namespace Cote.Tests.Models.Wire;

/// <summary>The framing of a stream, and its bounds.</summary>
public sealed class EventReaderTests
{
    [Theory]
    [InlineData("data: a\n\ndata: b\n\n", "a|b")]
    [InlineData("data: a\r\rdata:b\r\n\r\n", "a|b")]
    [InlineData("\uFEFFdata:a\n\n", "a")]
    [InlineData("data: {\ndata: }\n\n", "{\n}")]
    [InlineData(": comment\n:\n\n\nevent: x\ndata\n\n", "x=")]
    [InlineData("event: x\n\n", "x=")]
    [InlineData("DATA: a\n Data: b\n\n", "a\nb")]
    [InlineData("data:  a \n\n", " a ")]
    [InlineData("{\"a\":\"}\\\"\"}\n[1,\n2]\ndata: c", "{\"a\":\"}\\\"\"}|[1,\n2]|c")]
    [InlineData("{oops\n\ndata: a\n\n", "a")]
    [InlineData("<html>\ndata: a", "a")]
    public async Task Events_are_read_as_servers_write_them(string body, string expected)
    {
        foreach (var step in (int[])[1, 2, 7, 100_000])
        {
            var reader = new EventReader(new Steps(Encoding.UTF8.GetBytes(body), step));
            List<string> events = [];
            while (await reader.ReadAsync(default))
                events.Add((reader.Current.Type is { } type ? type + "=" : "")
                    + Encoding.UTF8.GetString(reader.Current.Data.Span));

            string.Join('|', events).ShouldBe(expected, $"{step} bytes at a time");
        }
    }

    [Theory]
    [InlineData("data: x")]
    [InlineData(": x")]
    [InlineData("x")]
    [InlineData("{\"a\":\"")]
    [InlineData("data: x\ndata: x\n")]
    [InlineData(": x\n")]
    [InlineData("\n")]
    public async Task A_body_without_end_is_not_read_without_end(string unit)
    {
        var endless = new Endless(Encoding.UTF8.GetBytes(unit[^1] == '\n' ? unit : unit + new string(unit[^1], 1_000)),
            head: unit);
        // Lines that carry nothing are read up to the bound of the body, all else up to that of a line or of JSON.
        var most = unit is ": x\n" or "\n" ? 8_000_000 : EventReader.MaxBody;
        var reader = new EventReader(endless, most);

        var thrown = await Should.ThrowAsync<ModelFaultException>(async () =>
        {
            while (await reader.ReadAsync(default))
            {
            }
        });

        thrown.Fault.ShouldBe(ModelFault.Unreadable);
        endless.Given.ShouldBeLessThan(Math.Min(most, 4L * EventReader.MaxJson) + 100_000);
    }

    [Fact]
    public async Task A_gzip_bomb_of_300_MB_is_not_unpacked_beyond_its_first_megabytes()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            for (var i = 0; i < 300; i++)
                await gzip.WriteAsync(new byte[1_000_000]);
        packed.Position = 0;
        var content = new StreamContent(packed);
        content.Headers.ContentEncoding.Add("gzip");
        await using var body = await ContentCoding.OpenAsync(content, default);

        await Should.ThrowAsync<ModelFaultException>(async () => await new EventReader(body).ReadAsync(default));

        packed.Position.ShouldBeLessThan(packed.Length / 10);
    }

    /// <summary>A body that comes so many bytes at a time.</summary>
    sealed class Steps(byte[] body, int step) : MemoryStream(body)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(step, buffer.Length)], cancellationToken);
    }

    /// <summary>A body that never ends.</summary>
    sealed class Endless(byte[] unit, string head) : AsyncStream
    {
        public long Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var part = Given == 0 ? Encoding.UTF8.GetBytes(head) : unit;
            var count = 0;
            while (count + part.Length <= buffer.Length)
            {
                part.CopyTo(buffer.Span[count..]);
                count += part.Length;
                part = unit[^1] == '\n' ? unit : unit.AsSpan(unit.Length - 1_000).ToArray();
            }
            if (count == 0)
            {
                count = Math.Min(part.Length, buffer.Length);
                part.AsSpan(0, count).CopyTo(buffer.Span);
            }
            Given += count;
            return ValueTask.FromResult(count);
        }
    }
}
