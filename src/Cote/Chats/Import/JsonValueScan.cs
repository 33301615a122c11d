using System.Buffers;

namespace Cote.Chats;

/// <summary>
/// Finds the end of one JSON value in bytes that come in pieces, by its brackets and quotes alone. What is between them
/// is not looked at: a chat that is broken inside ends where its bracket does, and the chats after it are read.
/// </summary>
struct JsonValueScan
{
    static readonly SearchValues<byte> InText = SearchValues.Create("\"\\"u8);
    static readonly SearchValues<byte> Outside = SearchValues.Create("\"{}[]"u8);
    static readonly SearchValues<byte> AfterScalar = SearchValues.Create(",]}: \t\r\n"u8);

    bool _hasBegun;
    bool _isScalar;
    bool _isInText;
    bool _isEscaped;
    int _level;

    /// <summary>Whether the value has ended.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>How many arrays and objects lay inside each other.</summary>
    public int Depth { get; private set; }

    /// <summary>Whether the end of the file ends it, as it does a number.</summary>
    public readonly bool EndsWithFile => _isScalar;

    /// <summary>Reads the next bytes, up to the value's end; how many.</summary>
    public int Read(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && !IsWhole)
        {
            if (_isEscaped)
            {
                _isEscaped = false;
                at++;
            }
            else if (!_hasBegun)
                Begin(bytes[at++]);
            else
            {
                var next = bytes[at..].IndexOfAny(_isInText ? InText : _isScalar ? AfterScalar : Outside);
                if (next < 0)
                    return bytes.Length;
                at += next;
                if (_isScalar)
                    IsWhole = true; // what follows belongs to the next value
                else
                    Take(bytes[at++]);
            }
        }
        return at;
    }

    void Begin(byte first)
    {
        _hasBegun = true;
        if (first is (byte)'"' or (byte)'{' or (byte)'[')
            Take(first);
        else
            _isScalar = true;
    }

    void Take(byte mark)
    {
        switch (mark)
        {
            case (byte)'\\':
                _isEscaped = true;
                break;
            case (byte)'"':
                _isInText = !_isInText;
                IsWhole = !_isInText && _level == 0;
                break;
            case (byte)'{' or (byte)'[':
                Depth = Math.Max(Depth, ++_level);
                break;
            default:
                IsWhole = --_level == 0;
                break;
        }
    }
}
