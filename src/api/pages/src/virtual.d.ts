declare module "virtual:countries" {
  const table: string;
  export default table;
}
declare module "*.css";
