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

    /// <summary>A new UUIDv7 in lower case with dashes.</summary>
    public string NewId()
    {
        Span<byte> id = stackalloc byte[IdBytes];
        TakeRandom(id);
        // RFC 9562: milliseconds in 48 bits, then the version and the variant among random bits.
        var now = Now.Milliseconds;
        BinaryPrimitives.WriteInt16BigEndian(id, (short)(now >> 32));
        BinaryPrimitives.WriteInt32BigEndian(id[2..], (int)now);
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
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
