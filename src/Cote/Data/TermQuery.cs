namespace Cote.Data;

/// <summary>Which documents of the search index are to be found. Terms are letters, digits and <c>._-</c>.</summary>
/// <param name="All">Terms that a document must have.</param>
/// <param name="Beginning">One of its terms must begin so; null where none need.</param>
/// <param name="Instead">The term of documents that are found whatever they have else.</param>
sealed record TermQuery(IReadOnlyList<string> All, string? Beginning, string Instead);
