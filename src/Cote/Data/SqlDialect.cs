using System.Text.Json.Nodes;
using Cote.Data;

namespace Cote;

/// <summary>The words of SQL that the engines spell differently. Every other statement is one text for both.</summary>
public abstract class SqlDialect
{
    /// <summary><c>sqlite</c> or <c>postgres</c>: the name of the engine's blocks in a migration.</summary>
    public abstract string Name { get; }

    /// <summary>The database's clock in Unix milliseconds. Leases use it, and never the clock of a node.</summary>
    public abstract Sql Now { get; }

    /// <summary>Texts as a list that may follow <c>in</c>: one statement text for any number of them.</summary>
    public Sql EachOf(IEnumerable<string> texts) => EachOf(ArrayOf(texts.Select(x => (JsonNode)x)));

    /// <summary>The condition, behind a column, that it is one of these texts: each is looked up in an index.</summary>
    internal Sql In(IEnumerable<string> texts) => InList(EachOf(texts));

    /// <summary>The same for whole numbers.</summary>
    internal Sql In(IEnumerable<long> numbers) => InList(EachNumberOf(ArrayOf(numbers.Select(x => (JsonNode)x))));

    /// <summary>The value of a document's terms, which are given with blanks between them.</summary>
    internal abstract Sql Terms(string terms);

    /// <summary>Selects as <c>id</c>, the newest first, documents whose terms match.</summary>
    /// <param name="terms">What must be there.</param>
    /// <param name="before">Only documents with smaller ids.</param>
    /// <param name="limit">At most so many.</param>
    internal abstract Sql NewestWith(TermQuery terms, long before, long limit);

    /// <summary>How many bytes the database takes on disk.</summary>
    internal abstract Sql Bytes { get; }

    /// <summary>JSON as a value that <c>-></c> and <c>->></c> read from.</summary>
    internal abstract Sql Json(string json);

    /// <summary>The month of a time in Unix milliseconds, UTC, as a number: 202611.</summary>
    internal abstract Sql MonthOf(Sql milliseconds);

    /// <summary>Selects what is wrong with the file of the database; null where the server looks after it.</summary>
    internal virtual Sql? DamagedPages => null;

    /// <summary>Behind a <c>select</c> within an <c>update</c>: leaves out rows that another batch holds.</summary>
    internal virtual Sql SkipLocked => $"";

    static string ArrayOf(IEnumerable<JsonNode> values) => new JsonArray([.. values]).ToJsonString();

    private protected abstract Sql EachOf(string jsonArray);

    private protected abstract Sql EachNumberOf(string jsonArray);

    private protected abstract Sql InList(Sql list);
}
