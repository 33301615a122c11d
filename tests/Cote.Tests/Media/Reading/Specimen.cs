namespace Cote.Tests.Media.Reading;

/// <summary>A file, and what reading it must give.</summary>
/// <param name="Name">What is special about it.</param>
/// <param name="ContentType">The type as which it is uploaded.</param>
/// <param name="Bytes">Makes the file; skips the test where a program is missing.</param>
/// <param name="Has">What stands in its text, in this order.</param>
/// <param name="HasNot">What must not stand in it.</param>
/// <param name="Word">Why it cannot be read; null where it can.</param>
/// <param name="Pictures">How many of its pages are pictures.</param>
sealed record Specimen(string Name, string ContentType, Func<byte[]> Bytes, string[] Has, string[] HasNot,
    string? Word = null, int Pictures = 0)
{
    public override string ToString() => Name;
}
