namespace Cote.Tests.Data;

public sealed class SqlTests
{
    static Sql Of(Sql sql) => sql;

    [Fact]
    public void A_hole_is_a_parameter_and_never_text()
    {
        var evil = "'; drop table users; --";

        var sql =
            Of($"select * from users where name = {evil} and age > {7} and pinned = {true} and size = {(double?)1.5} "
            + $"and note = {(string?)null}");

        sql.Text.ShouldBe(
            "select * from users where name = $1 and age > $2 and pinned = $3 and size = $4 and note = $5");
        sql.Args.Select(x => x.Value).ShouldBe([evil, 7L, 1L, 1.5, null]);
        sql.Args.Select(x => x.Kind)
            .ShouldBe([Sql.ArgKind.Text, Sql.ArgKind.Integer, Sql.ArgKind.Integer, Sql.ArgKind.Real, Sql.ArgKind.Text]);
    }

    [Fact]
    public void A_part_brings_its_holes_along_however_deep()
    {
        var inner = Of($"a = {"1"} or b = {"2"}");
        var middle = Of($"c = {"3"} and ({inner}) and d = {"4"}");

        var sql = Of($"select {"0"} where {middle} or {inner} or e = {"5"}");

        sql.Text.ShouldBe("select $1 where c = $2 and (a = $3 or b = $4) and d = $5 or a = $6 or b = $7 or e = $8");
        sql.Args.Select(x => x.Value).ShouldBe(["0", "3", "1", "2", "4", "1", "2", "5"]);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(105)]
    [InlineData(1_005)]
    public void A_part_may_have_many_holes(int count)
    {
        var list = Of($"{"0"}");
        foreach (var text in Enumerable.Range(1, count - 1).Select(x => x.ToString()))
            list = Of($"{list}, {text}");

        var sql = Of($"select {"x"} in ({list}) and {"y"}");

        sql.Text.ShouldBe(
            $"select $1 in ({string.Join(", ", Enumerable.Range(2, count).Select(x => $"${x}"))}) and ${count + 2}");
        sql.Args.Select(x => x.Value).ShouldBe(["x", .. Enumerable.Range(0, count).Select(x => $"{x}"), "y"]);
    }

    [Fact]
    public void A_text_is_made_once_however_often_its_statement_is_written()
    {
        static Sql statement(string name, Sql state) => Of($"select {name} from a where ({state}) and b = {7}");

        var first = statement("x", Of($"state = {"queued"} or {true}")).Text;

        statement("y", Of($"state = {"running"} or {false}")).Text.ShouldBeSameAs(first);
        statement("y", Of($"state = {"running"}")).Text.ShouldNotBe(first);
    }

    [Fact]
    public void Statements_that_look_much_alike_have_texts_of_their_own()
    {
        // As long, with the same letter in the middle.
        Of($"select {1} from a where x").Text.ShouldBe("select $1 from a where x");
        Of($"select {1} from b where x").Text.ShouldBe("select $1 from b where x");
        Of($"select 1{1}").Text.ShouldBe("select 1$1");
        Of($"select {1}1").Text.ShouldBe("select $11");
    }

    [Fact]
    public void A_dollar_sign_that_is_text_stays_text_in_a_part_too()
    {
        var part = Of($"json_extract(usage, '$.input') = {"a"} and price like '$1%' and b = {"b"} and c = '$'");

        var sql = Of($"select {"x"} where {part}");

        sql.Text.ShouldBe(
            "select $1 where json_extract(usage, '$.input') = $2 and price like '$1%' and b = $3 and c = '$'");
        sql.Args.Select(x => x.Value).ShouldBe(["x", "a", "b"]);
    }
}
