namespace Cote.Media.Reading;

/// <summary>Takes so many bytes, and fails at the next: a writer ends there, and the rest takes no memory.</summary>
sealed class CappedStream(int most) : MemoryStream
{
    /// <summary>Whether more was written than it takes.</summary>
    public bool IsFull { get; private set; }

    public override void Write(byte[] buffer, int offset, int count)
    {
        IsFull |= Position + count > most;
        if (IsFull)
            throw new IOException("There is no room for more.");
        base.Write(buffer, offset, count);
    }
}
