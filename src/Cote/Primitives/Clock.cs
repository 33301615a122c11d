using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cote;

/// <summary>
/// The one source of time and of ids, rounded here to what the database stores, so that what POST answered GET
/// answers.
/// </summary>
public sealed class Clock(TimeProvider time)
{
    const int IdBytes = 16;

    [ThreadStatic]
    static byte[]? _random;

    [ThreadStatic]
    static int _taken;

    /// <summary>The clock under this one; timers and delays are made from it.</summary>
    public TimeProvider Provider => time;

    /// <summary>Now, in whole milliseconds.</summary>
    public Timestamp Now => Timestamp.From(time.GetUtcNow());

    /// <summary>Time that never goes back, for measuring how long something took.</summary>
    public long Ticks => time.GetTimestamp();

    /// <summary>How long ago <paramref name="ticks"/> was.</summary>
    public TimeSpan Since(long ticks) => time.GetElapsedTime(ticks);

    /// <summary>
    /// A new UUIDv7 in lower case with dashes. Ids of one clock are in the order of their times, to a quarter of a
    /// microsecond.
    /// </summary>
    public string NewId()
    {
        Span<byte> id = stackalloc byte[IdBytes];
        TakeRandom(id);
        // RFC 9562: milliseconds in 48 bits, the version, the rest of the time in 12 bits (method 3 of its section
        // 6.2), then the variant among random bits.
        var now = time.GetUtcNow();
        var milliseconds = Timestamp.From(now).Milliseconds;
        var rest = (int)(now.Ticks % TimeSpan.TicksPerMillisecond * 4_096 / TimeSpan.TicksPerMillisecond);
        BinaryPrimitives.WriteInt16BigEndian(id, (short)(milliseconds >> 32));
        BinaryPrimitives.WriteInt32BigEndian(id[2..], (int)milliseconds);
        BinaryPrimitives.WriteInt16BigEndian(id[6..], (short)(0x7000 | rest));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id, bigEndian: true).ToString("D");
    }

    // The framework asks the kernel for the bytes of each id, which for a short request
    // is a noticeable part.
    static void TakeRandom(Span<byte> id)
    {
        if (_random is not { } random || _taken == random.Length)
        {
            random = _random ?? new byte[64 * IdBytes];
            RandomNumberGenerator.Fill(random);
            (_random, _taken) = (random, 0);
        }
        random.AsSpan(_taken, IdBytes).CopyTo(id);
        _taken += IdBytes;
    }
}
