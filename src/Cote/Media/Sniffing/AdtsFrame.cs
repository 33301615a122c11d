namespace Cote.Media;

/// <summary>The header of a frame of AAC with a header of its own (ADTS).</summary>
/// <param name="Length">In bytes, with the header.</param>
/// <param name="Samples">How many it becomes, of each channel.</param>
readonly record struct AdtsFrame(int Length, int Samples, int Hertz)
{
    public const int HeaderLength = 7;

    static ReadOnlySpan<int> Rates => [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000,
        11_025, 8_000, 7_350];

    /// <summary>Null where none begins.</summary>
    public static AdtsFrame? Read(ReadOnlySpan<byte> at)
    {
        if (at.Length < HeaderLength || at[0] != 0xFF || (at[1] & 0xF6) != 0xF0 || ((at[2] >> 2) & 15) > 12)
            return null;
        var length = ((at[3] & 3) << 11) | (at[4] << 3) | (at[5] >> 5);
        return length >= HeaderLength ? new(length, 1_024 * (1 + (at[6] & 3)), Rates[(at[2] >> 2) & 15]) : null;
    }
}
